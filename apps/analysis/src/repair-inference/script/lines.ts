import type { FileType, Repair } from "@thymus/contracts";
import type { InfectedPair } from "../../infection/analysis.ts";
import { equalBytes, view } from "../../infection/bytes.ts";
import { isElf } from "../../infection/specimen.ts";

const MAX_LINES = 64;
/** One line at least must be nobody else's. */
const MIN_ANCHOR = 16;
const MAX_LINE = 4096;
const MAX_BYTES = 1 << 20;

/**
 * The same lines put in among each host's own, wherever: every line that no clean file has, and that stands as often in each
 * infected one, is taken out. Null where that does not give back every file.
 */
export function linesRecipe(pairs: readonly InfectedPair[], types: readonly FileType[]): Repair | null {
  if (pairs.length < 2 || pairs.some(({ specimen }) => unfit(specimen.after))) return null;
  const lines = pairs.map(({ specimen }) => countLines(specimen.after));
  const clean = pairs.map(({ specimen }) => countLines(specimen.before));
  const own = [...lines[0]!].filter(
    ([line, times]) =>
      line.length <= MAX_LINE &&
      lines.every((each) => each.get(line) === times) &&
      clean.every((each) => !each.has(line)),
  );
  const anchor = own
    .map(([line]) => line)
    .filter((line) => line.length >= MIN_ANCHOR)
    .sort((a, b) => b.length - a.length)
    .find((line) => pairs.every(({ specimen }) => standsOnce(specimen.after, line)));
  if (anchor === undefined || own.length < 2 || own.length > MAX_LINES) return null;
  const given = pairs.every(({ specimen }) => equalBytes(without(specimen.after, own), specimen.before));
  return given ? recipeOf(own, anchor, types) : null;
}

const unfit = (bytes: Uint8Array) => isElf(bytes) || bytes.length > MAX_BYTES;

/** Lines with their ends, and how often each stands there. */
function countLines(bytes: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of view(bytes)
    .toString("latin1")
    .split(/(?<=\n)/))
    counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function standsOnce(bytes: Uint8Array, line: string): boolean {
  const found = view(bytes).indexOf(line, 0, "latin1");
  return found >= 0 && view(bytes).indexOf(line, found + 1, "latin1") < 0;
}

function without(bytes: Uint8Array, lines: readonly (readonly [string, number])[]): Uint8Array {
  const gone = new Set(lines.map(([line]) => line));
  const text = view(bytes).toString("latin1");
  const kept = text.split(/(?<=\n)/).filter((line) => !gone.has(line));
  return Buffer.from(kept.join(""), "latin1");
}

function recipeOf(
  own: readonly (readonly [line: string, times: number])[],
  anchor: string,
  types: readonly FileType[],
): Repair {
  return {
    identify: {
      types: [...types],
      anchor: Buffer.from(anchor, "latin1").toString("hex"),
      minSize: own.reduce((sum, [line, times]) => sum + line.length * times, 0),
      checks: [],
    },
    steps: [{ op: "lines", lines: own.map(([line, times]) => ({ line, times })) }],
    expect: { types: [...types], minSize: 0 },
  };
}
