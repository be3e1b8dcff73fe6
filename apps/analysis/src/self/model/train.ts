import { GramCounter } from "./grams.ts";
import { NgramModel, weightIndex } from "./model.ts";
import { quantiseAll } from "./quantise.ts";
import type { CountTable } from "./table.ts";
import { type ModelTables, ORDER, WEIGHT_BUCKETS } from "./tables.ts";

/** Slots of the finished tables, as powers of two: with the 3-grams below 64 MiB in all. */
const FOUR_BITS = 22;
const FIVE_BITS = 23;
/** How full the finished tables may become. */
const FILL = 0.65;
/** So many bytes of what is kept from the counts decide the weights, and so many of each chunk: many kinds of files. */
const HELD_OUT_BYTES = 2 << 20;
const HELD_OUT_CHUNK_BYTES = 1 << 13;
/** No order is trusted more than this: what it never saw still has the probability of the order below. */
const MAX_WEIGHT = 0.99;
const ROUNDS = 8;

export interface SampleChunk {
  readonly bytes: Uint8Array;
  /** Kept from the counts, to learn the weights on what was not counted. */
  readonly heldOut: boolean;
}

/** Chunks of the sample; it is read several times and must be the same each time. */
export type Sample = () => Iterable<SampleChunk>;

/**
 * Learns the model of a sample. Depends on nothing but the chunks and their order.
 * @param sampleBytes about how many bytes come: sets the size of the working memory (at most 280 MB)
 */
export function train(sample: Sample, sampleBytes: number): ModelTables {
  return withWeights(sample, countOthers(sample, sampleBytes), countFour(sample, sampleBytes));
}

/** The 4-grams alone, which another thread may count meanwhile. */
export function countFour(sample: Sample, sampleBytes: number): CountTable {
  const { counters, four } = sizes(sampleBytes);
  const grams = new GramCounter(4, counters, four);
  for (const chunk of counted(sample)) grams.count(chunk);
  return carryOver(sample, grams, four);
}

/** All but the 4-grams and the weights. */
export type OtherTables = Omit<ModelTables, "four" | "weights">;

/** @param memory nobody needs it any more; it is written over */
export function countOthers(sample: Sample, sampleBytes: number, memory?: WebAssembly.Memory): OtherTables {
  const { counters, five } = sizes(sampleBytes);
  const grams = new GramCounter(5, counters, five, memory);
  const one = new Uint32Array(256);
  const two = new Uint32Array(65536);
  let total = 0;
  for (const chunk of counted(sample)) {
    total += chunk.length;
    grams.count(chunk);
    // What no 3-gram ends with.
    if (chunk.length > 0) one[chunk[0]!]!++;
    if (chunk.length > 1) two[(chunk[0]! << 8) | chunk[1]!]!++;
  }
  const three = grams.three();
  for (let word = 0; word < three.length; word++) two[word & 0xffff]! += three[word]!;
  for (let word = 0; word < two.length; word++) one[word & 0xff]! += two[word]!;
  return { total, one, two, three: quantiseAll(three), five: carryOver(sample, grams, five) };
}

/** Learns the weights and with them the whole. */
export function withWeights(sample: Sample, others: OtherTables, four: CountTable): ModelTables {
  const tables = { ...others, four, weights: new Float32Array((ORDER - 1) * WEIGHT_BUCKETS) };
  learnWeights(tables, sample);
  return tables;
}

/** Logarithms of how many counters there are while n-grams are counted, and slots of the finished tables. */
function sizes(sampleBytes: number): { counters: number; four: number; five: number } {
  const bits = Math.ceil(Math.log2(Math.max(1 << 12, sampleBytes))) + 1;
  return { counters: Math.min(26, bits), four: Math.min(FOUR_BITS, bits), five: Math.min(FIVE_BITS, bits) };
}

function* counted(sample: Sample): Generator<Uint8Array> {
  for (const { bytes, heldOut } of sample()) if (!heldOut) yield bytes;
}

/** Moves the n-grams that are frequent enough to the finished table. */
function carryOver(sample: Sample, grams: GramCounter, tableBits: number): CountTable {
  grams.selectFrequent(2 ** tableBits * FILL);
  for (const chunk of counted(sample)) grams.move(chunk);
  return grams.table();
}

/** Expectation maximisation on the chunks that were not counted, order by order upwards. */
function learnWeights(tables: ModelTables, sample: Sample): void {
  const model = new NgramModel(tables);
  const chunks = heldOutChunks(sample);
  for (let order = 2; order <= ORDER; order++) {
    const events = observed(model, chunks, order);
    const weights = tables.weights.subarray((order - 2) * WEIGHT_BUCKETS, (order - 1) * WEIGHT_BUCKETS);
    weights.fill(0.5);
    for (let round = 0; round < ROUNDS; round++) {
      const sums = new Float64Array(WEIGHT_BUCKETS);
      const seen = new Float64Array(WEIGHT_BUCKETS);
      for (let at = 0; at < events.length; at += 3) {
        const bucket = events[at]!;
        const high = weights[bucket]! * events[at + 1]!;
        sums[bucket]! += high / (high + (1 - weights[bucket]!) * events[at + 2]!);
        seen[bucket]! += 1;
      }
      // A bucket that was hardly seen stays near one half.
      for (let bucket = 0; bucket < WEIGHT_BUCKETS; bucket++) {
        weights[bucket] = Math.min(MAX_WEIGHT, (sums[bucket]! + 2) / (seen[bucket]! + 4));
      }
    }
  }
}

function heldOutChunks(sample: Sample): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (const { bytes, heldOut } of sample()) {
    if (!heldOut) continue;
    const middle = Math.max(0, (bytes.length - HELD_OUT_CHUNK_BYTES) >> 1);
    // A copy, for a caller may read all into one buffer; `slice` of a Node.js buffer would be a view.
    const chunk = Uint8Array.prototype.slice.call(bytes, middle, middle + HELD_OUT_CHUNK_BYTES);
    chunks.push(chunk);
    total += chunk.length;
    if (total >= HELD_OUT_BYTES) break;
  }
  return chunks;
}

/** Triples: bucket of the context, share of the byte by this order, probability by the orders below. */
function observed(model: NgramModel, chunks: readonly Uint8Array[], order: number): number[] {
  const events: number[] = [];
  for (const chunk of chunks) {
    for (let at = order - 1; at < chunk.length; at++) {
      const context = model.count(chunk, at - 1, order - 1);
      if (context === 0) continue;
      const ratio = Math.min(1, model.count(chunk, at, order) / context);
      const low = model.probability(chunk, at, order - 1);
      events.push(weightIndex(2, context), ratio, low);
    }
  }
  return events;
}
