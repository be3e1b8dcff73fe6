import { COUNT_OF, quantise } from "./quantise.ts";
import { BUCKET, CountTable } from "./table.ts";
import type { ModelTables } from "./tables.ts";

/** The model of both samples: counts add, weights are averaged by the size of the samples. */
export function mergeTables(a: ModelTables, b: ModelTables): ModelTables {
  const total = a.total + b.total;
  const share = total === 0 ? 0.5 : a.total / total;
  return {
    total,
    one: a.one.map((count, at) => Math.min(0xffffffff, count + b.one[at]!)),
    two: a.two.map((count, at) => Math.min(0xffffffff, count + b.two[at]!)),
    three: a.three.map((count, at) => sum(count, b.three[at]!)),
    four: mergeCounts(a.four, b.four),
    five: mergeCounts(a.five, b.five),
    weights: a.weights.map((weight, at) => weight * share + b.weights[at]! * (1 - share)),
  };
}

/** Of two counts that are kept as logarithms. */
function sum(a: number, b: number): number {
  return a === 0 ? b : b === 0 ? a : quantise(COUNT_OF[a]! + COUNT_OF[b]!);
}

/**
 * Both tables in one of the larger's size. The low bits of a hash choose the bucket: those of a smaller table stand for
 * several of the larger one, which errs towards "seen in goodware". In a full bucket the most frequent ones stay.
 */
function mergeCounts(a: CountTable, b: CountTable): CountTable {
  const slots = Math.max(a.counts.length, b.counts.length);
  const merged = new CountTable(new Uint16Array(slots), new Uint8Array(slots));
  for (let from = 0; from < slots; from += BUCKET) {
    const kept = new Map<number, number>();
    for (const { fingerprints, counts } of [a, b]) {
      const start = from % counts.length;
      for (let slot = start; slot < start + BUCKET && fingerprints[slot] !== 0; slot++)
        kept.set(fingerprints[slot]!, sum(kept.get(fingerprints[slot]!) ?? 0, counts[slot]!));
    }
    let entries = [...kept];
    if (entries.length > BUCKET)
      entries = entries.sort((x, y) => y[1] - x[1] || x[0] - y[0]).slice(0, BUCKET);
    for (const [at, [fingerprint, count]] of entries.entries()) {
      merged.fingerprints[from + at] = fingerprint;
      merged.counts[from + at] = count;
    }
  }
  return merged;
}
