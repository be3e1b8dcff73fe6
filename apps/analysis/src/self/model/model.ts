import { fingerprint, mix } from "./hash.ts";
import { COUNT_OF } from "./quantise.ts";
import { type ModelTables, ORDER, WEIGHT_BUCKETS } from "./tables.ts";

/**
 * Byte n-gram statistics of goodware up to order 5: how probable a run of bytes is in it. The estimate of each order is
 * interpolated with that of the order below, with weights that depend on how often the context was seen (Kephart and
 * Arnold 1994 use such conditional probabilities; Jelinek and Mercer 1980 the interpolation).
 */
export class NgramModel {
  readonly tables: ModelTables;

  constructor(tables: ModelTables) {
    this.tables = tables;
  }

  /** Natural logarithm of the probability of the whole run, its first bytes by the lower orders. 0 for no bytes. */
  logProbability(bytes: Uint8Array): number {
    let sum = 0;
    for (let at = 0; at < bytes.length; at++) sum += Math.log(this.probability(bytes, at));
    return sum;
  }

  /** For each byte the natural logarithm of its probability after the up to four bytes before it. */
  logProbabilities(bytes: Uint8Array): Float64Array {
    return Float64Array.from(bytes, (_, at) => Math.log(this.probability(bytes, at)));
  }

  /** Probability of the byte at a place after those before it, by orders up to `top`. */
  probability(bytes: Uint8Array, at: number, top = ORDER): number {
    const highest = Math.min(top, at + 1);
    let p = (this.tables.one[bytes[at]!]! + 1) / (this.tables.total + 256);
    for (let order = 2; order <= highest; order++) {
      const context = this.count(bytes, at - 1, order - 1);
      if (context === 0) break;
      const weight = this.tables.weights[weightIndex(order, context)]!;
      p = weight * Math.min(1, this.count(bytes, at, order) / context) + (1 - weight) * p;
    }
    return p;
  }

  /** How often the `order` bytes that end at `at` were seen. */
  count(bytes: Uint8Array, at: number, order: number): number {
    const { one, two, three, four, five } = this.tables;
    if (order === 1) return one[bytes[at]!]!;
    if (order === 2) return two[(bytes[at - 1]! << 8) | bytes[at]!]!;
    const low = (bytes[at - 2]! << 16) | (bytes[at - 1]! << 8) | bytes[at]!;
    if (order === 3) return COUNT_OF[three[low]!]!;
    if (order === 4) {
      const word = (bytes[at - 3]! << 24) | low;
      return four.get(mix(word, -1), fingerprint(word, -1));
    }
    const word = (bytes[at - 4]! << 24) | (bytes[at - 3]! << 16) | (bytes[at - 2]! << 8) | bytes[at - 1]!;
    return five.get(mix(word, bytes[at]!), fingerprint(word, bytes[at]!));
  }
}

/** Place of a weight: by order, then by the power of two of the context's count. */
export function weightIndex(order: number, context: number): number {
  const power = Math.min(WEIGHT_BUCKETS - 1, Math.max(0, 31 - Math.clz32(Math.round(context))));
  return (order - 2) * WEIGHT_BUCKETS + power;
}
