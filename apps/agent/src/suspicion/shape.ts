/**
 * How a changed program differs from what it was. Updates, builds and edits rewrite what they change; an infection keeps its host
 * working: nearly all of it is still there, and a body came in. That is what tells a sweep over many files from a spread.
 */
import type { BaselineRow } from "../monitors/baseline.ts";
import { blocksOf } from "./difference.ts";
import type { Change } from "./incident.ts";

/** Fewer bytes than this do not hold code that spreads. */
const SMALLEST_BODY = 40;
/** Foreign bytes of a binary that did not grow, from which padding may have been filled with a body. */
const CAVITY_BODY = 256;
/** Blocks of the host that may be gone: those that the cut went through, and a share for headers. */
const LOST_BLOCKS = 2;
const LOST_SHARE = 0.03;

export interface Shape {
  readonly change: Change;
  /** Bytes that it has more than before. */
  readonly growth: number;
  /** Foreign bytes without the remarks of scripts: those do nothing. */
  readonly code: readonly Uint8Array[];
}

/** The change as an infection would have made it, or null: the host is there still, and something that can do something is new. */
export function infectionShape(change: Change): Shape | null {
  const { before, foreign, now } = change;
  if (change.decoy) return { change, growth: 0, code: codeOf(change) };
  if (before === null || foreign.length === 0 || !before.signature) return null;
  const growth = now.facts.size - before.size;
  const binary = now.type === "elf64" || now.type === "elf32";
  const added = foreign.reduce((sum, region) => sum + region.length, 0);
  if (growth < SMALLEST_BODY && !(binary && growth >= 0 && added >= CAVITY_BODY)) return null;
  if (!hostKept(before, now.facts.size, added)) return null;
  const code = codeOf(change);
  return code.some((region) => region.length >= SMALLEST_BODY) ? { change, growth, code } : null;
}

function hostKept(before: BaselineRow, size: number, added: number): boolean {
  const { blocks, blockSize } = blocksOf(before.signature!);
  const found = Math.floor((size - added) / blockSize);
  return blocks - found <= LOST_BLOCKS + blocks * LOST_SHARE;
}

/** Lines that the interpreters of all our script types pass over. */
const REMARK = /^\s*(#(?!!)|\/\/|\*|\/\*|<!--|"""|''')/;

/** What of the foreign bytes can do something. A line that a region cuts is taken for code only where it is the only one. */
function codeOf({ foreign, now }: Change): Uint8Array[] {
  if (now.type === "elf64" || now.type === "elf32") return [...foreign];
  return foreign.flatMap((region) => {
    const lines = Buffer.from(region.buffer, region.byteOffset, region.length).toString("latin1").split("\n");
    if (lines.length === 1) return [region];
    const file = now.content!.bytes;
    const begins = region.byteOffset === file.byteOffset;
    const ends = region.byteOffset + region.length === file.byteOffset + file.length;
    const whole = lines.slice(begins ? 0 : 1, ends ? undefined : -1).filter((line) => !REMARK.test(line));
    return [Buffer.from(whole.join("\n"), "latin1")];
  });
}

/** Shares of the growth by which two grew alike. */
const ALIKE = 0.1;
const ALIKE_BYTES = 16;

/** The most shapes that grew by about the same. */
export function grewAlike(shapes: readonly Shape[]): number {
  const grown = shapes.filter(({ change }) => !change.decoy).map(({ growth }) => growth);
  return Math.max(
    0,
    ...grown.map((one) => grown.filter((other) => Math.abs(other - one) <= ALIKE_BYTES + ALIKE * one).length),
  );
}
