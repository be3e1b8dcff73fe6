import type { InfectedPair } from "../infection/analysis.ts";
import { view } from "../infection/bytes.ts";
import { bodyBytes } from "../infection/pair-infections.ts";

const SEED_SIZE = 4;
const MAX_SEEDS = 6;
/** Bytes of one body that are compared, in pieces of so many. */
const COMPARED = 4096;
const PIECE = 12;
/** Pieces that two bodies of one kind share. */
const MIN_SHARED = 8;

/**
 * Few pairs whose bodies have most bytes in common: a body that comes in several forms (another phase of base64, another order) has
 * nothing that is the same in all files, but much that is the same in some.
 */
export function alikeSeeds(pairs: readonly InfectedPair[]): InfectedPair[][] {
  const pieces = pairs.map(piecesOf);
  const seeds = new Map<string, InfectedPair[]>();
  for (const [i, own] of pieces.entries()) {
    const alike = pairs
      .map((pair, j) => ({ pair, j, shared: [...own].filter((piece) => pieces[j]!.has(piece)).length }))
      .filter(({ j, shared }) => j === i || shared >= MIN_SHARED)
      .sort((a, b) => b.shared - a.shared || a.j - b.j)
      .slice(0, SEED_SIZE);
    if (alike.length < 2) continue;
    const key = alike
      .map(({ j }) => j)
      .sort((a, b) => a - b)
      .join();
    seeds.set(
      key,
      alike.map(({ pair }) => pair),
    );
  }
  return [...seeds.values()].slice(0, MAX_SEEDS);
}

function piecesOf(pair: InfectedPair): Set<string> {
  const found = new Set<string>();
  for (const part of bodyBytes(pair)) {
    const text = view(part.subarray(0, COMPARED)).toString("latin1");
    for (let at = 0; at + PIECE <= text.length; at++) found.add(text.slice(at, at + PIECE));
  }
  return found;
}
