/** The archive of ar(5), as Debian packages and static libraries use it: System V and GNU names, BSD long names. */
export interface ArMember {
  readonly name: string;
  readonly content: Uint8Array;
}

const MAGIC = "!<arch>\n";
const HEADER = 60;

export const isAr = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 8)).toString("latin1") === MAGIC;

/** Members up to the first that is damaged or cut, at most `max`. */
export function readAr(bytes: Uint8Array, max: number): ArMember[] {
  const members: ArMember[] = [];
  for (let at = MAGIC.length; at + HEADER <= bytes.length && members.length < max; ) {
    const header = Buffer.from(bytes.subarray(at, at + HEADER)).toString("latin1");
    const size = /^(\d{1,10}) *$/.exec(header.slice(48, 58))?.[1];
    if (size === undefined || !header.endsWith("`\n")) break;
    let start = at + HEADER;
    const end = start + Number(size);
    if (end > bytes.length) break;
    let name = header.slice(0, 16).trimEnd();
    const long = /^#1\/(\d{1,4})$/.exec(name)?.[1];
    if (long !== undefined && start + Number(long) <= end) {
      name = Buffer.from(bytes.subarray(start, start + Number(long)))
        .toString("utf8")
        .replace(/\0+$/, "");
      start += Number(long);
    }
    members.push({ name: name.replace(/(?<=.)\/$/, ""), content: bytes.subarray(start, end) });
    at = end + (Number(size) & 1);
  }
  return members;
}
