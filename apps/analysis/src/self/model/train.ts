import { fingerprint, mix } from "./hash.ts";
import { NgramModel, weightIndex } from "./model.ts";
import { quantiseAll } from "./quantise.ts";
import { Sketch } from "./sketch.ts";
import { CountTable } from "./table.ts";
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
 * @param sampleBytes about how many bytes come: sets the size of the working memory (at most 500 MB)
 */
export function train(sample: Sample, sampleBytes: number): ModelTables {
  const bits = Math.ceil(Math.log2(Math.max(1 << 12, sampleBytes)));
  const one = new Uint32Array(256);
  const two = new Uint32Array(65536);
  const three = new Uint32Array(256 ** 3);
  const four = new Sketch(Math.min(26, bits + 1));
  const five = new Sketch(Math.min(26, bits + 1));
  let total = 0;
  for (const chunk of counted(sample)) {
    total += chunk.length;
    countLow(chunk, one, two, three);
    countHigh(chunk, four, five);
  }
  const fourTable = CountTable.empty(Math.min(FOUR_BITS, bits + 1));
  const fiveTable = CountTable.empty(Math.min(FIVE_BITS, bits + 1));
  carryOver(sample, four, fourTable, five, fiveTable);
  const tables = {
    total,
    one,
    two,
    three: quantiseAll(three),
    four: fourTable,
    five: fiveTable,
    weights: new Float32Array((ORDER - 1) * WEIGHT_BUCKETS),
  };
  learnWeights(tables, sample);
  return tables;
}

function* counted(sample: Sample): Generator<Uint8Array> {
  for (const { bytes, heldOut } of sample()) if (!heldOut) yield bytes;
}

function countLow(chunk: Uint8Array, one: Uint32Array, two: Uint32Array, three: Uint32Array): void {
  let word = 0;
  for (let at = 0; at < chunk.length; at++) {
    word = ((word << 8) | chunk[at]!) & 0xffffff;
    one[chunk[at]!]!++;
    if (at > 0) two[word & 0xffff]!++;
    if (at > 1) three[word]!++;
  }
}

function countHigh(chunk: Uint8Array, four: Sketch, five: Sketch): void {
  let word = 0;
  for (let at = 0; at < chunk.length; at++) {
    const byte = chunk[at]!;
    if (at >= 4) five.add(mix(word, byte));
    word = (word << 8) | byte;
    if (at >= 3) four.add(mix(word, -1));
  }
}

/** Moves the n-grams that are frequent enough to the finished tables. */
function carryOver(
  sample: Sample,
  four: Sketch,
  fourTable: CountTable,
  five: Sketch,
  fiveTable: CountTable,
): void {
  four.selectFrequent(fourTable.counts.length * FILL);
  five.selectFrequent(fiveTable.counts.length * FILL);
  for (const chunk of counted(sample)) {
    let word = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (at >= 4) move(five, fiveTable, word, byte);
      word = (word << 8) | byte;
      if (at >= 3) move(four, fourTable, word, -1);
    }
  }
}

function move(from: Sketch, to: CountTable, word: number, last: number): void {
  const hash = mix(word, last);
  const count = from.takeFrequent(hash);
  if (count > 0) to.put(hash, fingerprint(word, last), count);
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
    const chunk = bytes.slice(middle, middle + HELD_OUT_CHUNK_BYTES);
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
