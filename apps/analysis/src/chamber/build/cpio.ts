/** Writes the archive format that Linux unpacks as an initial RAM disk ("newc", see cpio(5)). */

export interface CpioEntry {
  readonly name: string;
  /** Type and permission bits, as in stat(2). */
  readonly mode: number;
  readonly content: Uint8Array;
}

const pad = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);

function record(index: number, entry: CpioEntry): Buffer {
  const name = Buffer.from(`${entry.name}\0`);
  const fields = [index, entry.mode, 0, 0, 1, 0, entry.content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  const head = Buffer.concat([header, name]);
  return Buffer.concat([head, pad(head.length), entry.content, pad(entry.content.length)]);
}

/** Folders must come before what lies in them. All times are 0: the same files give the same bytes. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const trailer = { name: "TRAILER!!!", mode: 0, content: new Uint8Array(0) };
  return Buffer.concat([...entries, trailer].map((entry, index) => record(index + 1, entry)));
}
