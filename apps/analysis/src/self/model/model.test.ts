import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { assembleKernel } from "../absence/assemble.ts";
import { GramCounter } from "./grams.ts";
import { fingerprint, mix } from "./hash.ts";
import { KERNEL } from "./kernel.ts";
import { NgramModel } from "./model.ts";
import { COUNT_OF, quantise } from "./quantise.ts";
import { CountTable } from "./table.ts";
import { decodeTables, encodeTables } from "./tables.ts";
import { type SampleChunk, train } from "./train.ts";

const nouns = ["file", "folder", "process", "thread", "socket", "user", "clock", "page"];
const verbs = ["opens", "closes", "reads", "writes", "starts", "ends", "counts", "holds"];

/** Text and noise that depend on nothing but their number. */
function noise(seed: number, length: number): Uint8Array {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 32 < length; at++) blocks.push(createHash("sha256").update(`${seed}:${at}`).digest());
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}
function text(seed: number, length: number): Uint8Array {
  const words = [...noise(seed, length)].map((byte, at) => (at % 2 ? verbs : nouns)[byte % 8]!);
  return new Uint8Array(Buffer.from(words.join(" ").slice(0, length)));
}
function* sample(): Generator<SampleChunk> {
  for (let at = 0; at < 40; at++) yield { bytes: text(at, 5000), heldOut: at % 8 === 7 };
}

const tables = train(sample, 200_000);
const model = new NgramModel(tables);

test("what is like the sample is more probable than what is not", () => {
  const like = model.logProbability(text(1000, 24));
  const shuffled = model.logProbability(text(1000, 24).toSorted());
  const unlike = model.logProbability(noise(1, 24));
  assert.ok(like > -40, `${like}`);
  assert.ok(like > shuffled + 20 && shuffled > unlike, `${like} ${shuffled} ${unlike}`);
  assert.ok(unlike < -68, `${unlike}`);
});

test("nothing is impossible, and no bytes are certain", () => {
  assert.equal(model.logProbability(new Uint8Array()), 0);
  for (let seed = 0; seed < 50; seed++) {
    const value = model.logProbability(noise(seed, 36));
    assert.ok(Number.isFinite(value) && value < 0);
  }
});

test("the probabilities of all bytes at a place sum to about one", () => {
  for (const context of [text(2000, 4), text(2001, 9), noise(3, 4), new Uint8Array()]) {
    let sum = 0;
    for (let byte = 0; byte < 256; byte++)
      sum += model.probability(Uint8Array.of(...context, byte), context.length);
    assert.ok(sum > 0.9 && sum < 1.1, `${sum}`);
  }
});

test("the parts of a run sum to the run", () => {
  const run = text(5, 30);
  const sum = model.logProbabilities(run).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - model.logProbability(run)) < 1e-9);
});

test("learning is the same each time, and a stored model is the model", () => {
  const encoded = encodeTables(tables);
  assert.deepEqual(encodeTables(train(sample, 200_000)), encoded);
  assert.ok(encoded.length <= 64 * 1024 * 1024);
  const decoded = decodeTables(encoded.buffer as ArrayBuffer);
  const run = text(6, 100);
  assert.equal(new NgramModel(decoded!).logProbability(run), model.logProbability(run));
});

test("a sample that is read into one buffer teaches the same", () => {
  const buffer = Buffer.alloc(5000);
  function* reused(): Generator<SampleChunk> {
    for (const { bytes, heldOut } of sample()) {
      buffer.set(bytes);
      yield { bytes: buffer.subarray(0, bytes.length), heldOut };
    }
  }
  const weights = train(reused, 200_000).weights;
  assert.deepEqual([...weights], [...tables.weights]);
});

test("the largest model stays below 64 MiB", () => {
  // 3-grams whole, 2^22 and 2^23 slots of three bytes.
  assert.ok(256 ** 3 + 3 * (2 ** 22 + 2 ** 23) + 4 * 65536 + 4096 < 64 * 1024 * 1024);
});

test("a damaged model is refused", () => {
  const encoded = encodeTables(tables);
  assert.equal(decodeTables(new ArrayBuffer(0)), null);
  assert.equal(decodeTables(encoded.buffer.slice(0, 1000) as ArrayBuffer), null);
  assert.equal(decodeTables(encoded.buffer.slice(0, -1) as ArrayBuffer), null);
  const other = encoded.slice();
  other[0] = 0;
  assert.equal(decodeTables(other.buffer as ArrayBuffer), null);
});

test("counts are kept within five per cent", () => {
  for (const count of [1, 2, 3, 7, 100, 12_345, 1e9]) {
    const kept = COUNT_OF[quantise(count)]!;
    assert.ok(Math.abs(kept / count - 1) < 0.05, `${count} is kept as ${kept}`);
  }
  assert.equal(COUNT_OF[quantise(0)], 0);
});

test("the kernel is what its source says", async () => {
  const why = "run: node apps/analysis/src/self/absence/assemble.ts";
  assert.equal(KERNEL, Buffer.from(await assembleKernel(import.meta.dirname)).toString("base64"), why);
});

for (const order of [4, 5] as const) {
  test(`${order}-grams are counted and moved as told, whatever the chunks`, () => {
    const bits = 12;
    const room = 300;
    // Few slots, so that buckets overflow; lengths around those of the kernel's vectors and blocks.
    const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4096, 4099, 4100, 4101, 9001];
    const chunks = lengths.flatMap((length, at) => [
      text(at, length),
      noise(at, length),
      new Uint8Array(length).fill(at),
    ]);
    const used = new WebAssembly.Memory({ initial: 2048, maximum: 2048, shared: true });
    new Uint8Array(used.buffer).fill(7);
    const grams = new GramCounter(order, bits, 7, used);
    for (const chunk of chunks) grams.count(chunk);
    grams.selectFrequent(room);
    for (const chunk of chunks) grams.move(chunk);
    const told = toldTable(chunks, order, bits, room);
    assert.deepEqual(grams.table(), told);
    if (order === 5) assert.deepEqual(grams.three(), toldThree(chunks));
  });
}

/** The same, slowly: n-grams of one hash share a counter, and the first of them takes its count. */
function toldTable(chunks: readonly Uint8Array[], order: 4 | 5, bits: number, room: number): CountTable {
  const counters = new Map<number, number>();
  const each = (visit: (hash: number, fingerprint: number) => void) => {
    for (const chunk of chunks)
      for (let at = 0; at + order <= chunk.length; at++) {
        const word = Buffer.from(chunk.subarray(at, at + 4)).readInt32BE();
        const last = order === 5 ? chunk[at + 4]! : -1;
        visit(mix(word, last), fingerprint(word, last));
      }
  };
  each((hash) => {
    const counter = hash >>> (32 - bits);
    counters.set(counter, Math.min(0xffff, (counters.get(counter) ?? 0) + 1));
  });
  let least = 1;
  while ([...counters.values()].filter((count) => count >= least).length > room) least++;
  const table = CountTable.empty(7);
  each((hash, print) => {
    const count = counters.get(hash >>> (32 - bits)) ?? 0;
    counters.delete(hash >>> (32 - bits));
    if (count >= least) table.put(hash, print, count);
  });
  return table;
}

function toldThree(chunks: readonly Uint8Array[]): Uint32Array {
  const three = new Uint32Array(256 ** 3);
  for (const chunk of chunks)
    for (let at = 0; at + 3 <= chunk.length; at++)
      three[(chunk[at]! << 16) | (chunk[at + 1]! << 8) | chunk[at + 2]!]!++;
  return three;
}
