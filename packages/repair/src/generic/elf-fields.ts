/** Fields of an ELF header and its program headers that an infection changes together (System V gABI). */
import { solveFewBytes } from "./few-bytes.ts";
import type { Puzzle } from "./puzzle.ts";
import { BASE } from "./rolling.ts";

/** A field of the block: offset in it, width, and values that the clean file may have there. */
interface Choice {
  readonly at: number;
  readonly width: number;
  readonly values: readonly number[];
}

const MAX_COMBINATIONS = 4096;
const MAX_SOLVED = 160;
const MAX_GROWTH = 1 << 16;

/**
 * The block lies there but for several header fields: their likely clean values are tried in all combinations, an entry
 * point beside them is solved.
 * @param now the block as it is now
 * @param growth also segments that were made longer, which takes more time
 */
export function solveElfFields(
  puzzle: Puzzle,
  i: number,
  now: Uint8Array,
  growth: boolean,
): Uint8Array | null {
  const block = puzzle.block(i);
  const head = layoutOf(puzzle.infected.bytes);
  if (head === null) return null;
  return (
    combined(puzzle, i, now, choicesOf(puzzle, head, now, block.at), head.wide && block.at === 0) ??
    (growth ? grown(puzzle, i, now, head) : null)
  );
}

interface Head {
  readonly wide: boolean;
  readonly little: boolean;
  readonly tableAt: number;
  readonly count: number;
}

function layoutOf(bytes: Uint8Array): Head | null {
  if (bytes.length < 64 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46)
    return null;
  const wide = bytes[4] === 2;
  const little = bytes[5] !== 2;
  const tableAt = read(bytes, wide ? 32 : 28, wide ? 8 : 4, little);
  const count = read(bytes, wide ? 56 : 44, 2, little);
  return tableAt > bytes.length || count > 256 ? null : { wide, little, tableAt, count };
}

function read(bytes: Uint8Array, at: number, width: number, little: boolean): number {
  let value = 0;
  for (let k = 0; k < width; k++) value = value * 256 + (bytes[little ? at + width - 1 - k : at + k] ?? 0);
  return value;
}

function write(bytes: Uint8Array, at: number, width: number, value: number, little: boolean): void {
  let rest = value;
  for (let k = 0; k < width; k++) {
    bytes[little ? at + k : at + width - 1 - k] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** A segment that was made longer: its sizes in file and memory by the same number. */
function grown(puzzle: Puzzle, i: number, now: Uint8Array, head: Head): Uint8Array | null {
  const block = puzzle.block(i);
  const [entry, fileAt, memoryAt, width] = head.wide ? [56, 32, 40, 8] : [32, 16, 20, 4];
  const difference = puzzle.infected.bytes.length - puzzle.fingerprint.size;
  for (let k = 0; k < head.count; k++) {
    const first = head.tableAt + k * entry + fileAt - block.at;
    const second = first - fileAt + memoryAt;
    if (first < 0 || second + width > now.length) continue;
    const [file, memory] = [read(now, first, width, head.little), read(now, second, width, head.little)];
    const least = Math.min(file, memory);
    if (!puzzle.budget.take(MAX_GROWTH * 4 * now.length)) return null;
    const tried = Uint8Array.from(now);
    for (let turn = 0; turn < MAX_GROWTH + 4096; turn++) {
      const by = turn < MAX_GROWTH ? turn : turn === MAX_GROWTH ? difference : (turn - MAX_GROWTH) * 4096;
      if (by <= 0 || by > least) continue;
      write(tried, first, width, file - by, head.little);
      write(tried, second, width, memory - by, head.little);
      let weak = 0;
      for (const byte of tried) weak = (Math.imul(weak, BASE) + byte) | 0;
      if (weak === block.weak && puzzle.fits(block, tried)) return tried;
    }
  }
  return null;
}

function choicesOf(puzzle: Puzzle, head: Head, now: Uint8Array, blockAt: number): Choice[] {
  const choices: Choice[] = [];
  const difference = puzzle.infected.bytes.length - puzzle.fingerprint.size;
  const add = (at: number, width: number, others: (value: number) => number[]) => {
    const here = at - blockAt;
    if (here < 0 || here + width > now.length) return;
    const value = read(now, here, width, head.little);
    const values = others(value).filter((other) => other >= 0 && Number.isSafeInteger(other));
    choices.push({ at: here, width, values: [...new Set([value, ...values])] });
  };
  const w = head.wide ? 8 : 4;
  const [sectionsAt, segmentCount, sectionSize] = head.wide ? [40, 56, 64] : [32, 44, 40];
  const moved = (value: number) => [value - difference, value - 4096, value + difference];
  const table = Array.from({ length: 48 }, (_, n) => puzzle.fingerprint.size - n * sectionSize);
  add(sectionsAt, w, (value) => [...moved(value), 0, ...table]);
  add(segmentCount, 2, (value) => [value - 1, value - 2]);
  add(segmentCount + 4, 2, (value) => [value - 1, value - 2, value + 1]);
  add(segmentCount + 6, 2, (value) => [value - 1, value - 2]);
  const entry = head.wide ? 56 : 32;
  for (let k = 0; k < head.count; k++) {
    const at = head.tableAt + k * entry;
    add(at, 4, (value) => (value === 1 ? [4, 0, 0x6474e551] : []));
    add(at + (head.wide ? 4 : 24), 4, (value) => [4, 5, 6].filter((flags) => flags !== value));
    add(at + (head.wide ? 8 : 4), w, moved);
  }
  return choices;
}

function combined(
  puzzle: Puzzle,
  i: number,
  now: Uint8Array,
  choices: readonly Choice[],
  entry: boolean,
): Uint8Array | null {
  const block = puzzle.block(i);
  const sorted = choices.toSorted((a, b) => a.values.length - b.values.length);
  let total = 1;
  const used = sorted.filter(({ values }) => {
    if (total * values.length > MAX_COMBINATIONS) return false;
    total *= values.length;
    return true;
  });
  if (!puzzle.budget.take(total * 4 * now.length)) return null;
  const little = puzzle.infected.bytes[5] !== 2;
  for (let turn = 0; turn < total; turn++) {
    const tried = Uint8Array.from(now);
    let rest = turn;
    for (const { at, width, values } of used) {
      write(tried, at, width, values[rest % values.length]!, little);
      rest = Math.floor(rest / values.length);
    }
    if (turn > 0 && puzzle.fits(block, tried)) return tried;
    if (entry && turn < MAX_SOLVED) {
      const solved = solveFewBytes(puzzle, i, tried, 4, [24]);
      if (solved !== null) return solved;
    }
  }
  return null;
}
