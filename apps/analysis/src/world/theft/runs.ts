/** Stretches of bytes that may be an encoded text. */

/** Flags of a byte. */
export const [BASE64, HEX, UPPER32, LOWER32, DECIMAL] = [1, 2, 4, 8, 16] as const;

const flags = new Uint8Array(256);
const add = (letters: string, flag: number) => {
  for (const letter of letters) flags[letter.charCodeAt(0)]! |= flag;
};
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
add(`${upper}${upper.toLowerCase()}0123456789+/-_`, BASE64);
add("0123456789abcdefABCDEF", HEX);
add(`${upper}234567`, UPPER32);
add(`${upper.toLowerCase()}234567`, LOWER32);
add("0123456789, \n", DECIMAL);

export const isHex = (byte: number | undefined) => byte !== undefined && (flags[byte]! & HEX) !== 0;

export interface Run {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** Longest stretches of bytes with this flag, at least `shortest` long. Looks at few of the bytes where there are none. */
export function runs(data: Uint8Array, flag: number, shortest: number): Run[] {
  const list: Run[] = [];
  for (let from = 0; from + shortest <= data.length; ) {
    let start = from + shortest - 1;
    if (!(flags[data[start]!]! & flag)) {
      from = start + 1;
      continue;
    }
    while (start > from && flags[data[start - 1]!]! & flag) start--;
    let end = from + shortest;
    while (end < data.length && flags[data[end]!]! & flag) end++;
    if (end - start >= shortest) list.push({ start, end });
    from = end;
  }
  return list;
}

const MAX_BREAK = 24;

/** Joins runs between which there are only a line's end and the next line's indentation; a last line may be short. */
export function joinLines(
  data: Uint8Array,
  list: readonly Run[],
  flag: number,
): (Run & { readonly broken: boolean })[] {
  const joined: { start: number; end: number; broken: boolean }[] = [];
  for (const run of list) {
    const before = joined.at(-1);
    if (before && run.start < before.end) continue;
    const next = { ...run, broken: false };
    for (let start = afterBreak(data, next.end); start > 0; start = afterBreak(data, next.end)) {
      let end = start;
      while (end < data.length && flags[data[end]!]! & flag) end++;
      if (end === start) break;
      next.end = end;
      next.broken = true;
    }
    joined.push(next);
  }
  return joined;
}

/** Where the next line's text begins if a line ends at `at`, else 0. */
function afterBreak(data: Uint8Array, at: number): number {
  let line = false;
  for (let to = at; to < data.length && to - at <= MAX_BREAK; to++) {
    const byte = data[to]!;
    if (byte === 10 || byte === 13) line = true;
    else if (byte !== 32 && byte !== 9) return line ? to : 0;
  }
  return 0;
}
