/** Infected files made to exhaust whoever repairs them: each is carried out or refused in a small heap. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { deflateRawSync } from "node:zlib";
import type { Decoding, Repair } from "@thymus/contracts";
import { applyRepair } from "./index.ts";

const MARK = "the one mark of the body";
const LETTERS = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210-_";
const HEAP_MIB = 64;
const COUNT = 1 << 22;

/** What comes of `filler`, so many times behind the mark, in a thread with little memory: `repaired` or a code. */
function inSmallHeap(steps: Repair["steps"], filler: string, count: number): Promise<string> {
  const code = `
    const { workerData: [module, recipe, mark, filler, count], parentPort } = require("node:worker_threads");
    const bytes = Buffer.concat([Buffer.from(mark), Buffer.alloc(count * filler.length, filler)]);
    import(module).then(({ applyRepair }) => {
      try {
        applyRepair(recipe, bytes, "text");
        parentPort.postMessage("repaired");
      } catch (error) {
        parentPort.postMessage(error.code);
      }
    });`;
  const worker = new Worker(code, {
    eval: true,
    workerData: [new URL("./index.ts", import.meta.url).href, recipe(steps), MARK, filler, count],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

const recipe = (steps: Repair["steps"], extra: Partial<Repair> = {}): Repair => ({
  identify: { types: ["text"], anchor: Buffer.from(MARK).toString("hex"), minSize: 0, checks: [] },
  steps,
  expect: { types: ["text"], minSize: 0 },
  ...extra,
});
const start = { from: "start", plus: 0 } as const;
const behind = { from: "anchor", plus: MARK.length } as const;
const rest = { size: true, plus: -MARK.length } as const;
const restored = (decode: Decoding[]): Repair["steps"] => [
  { op: "truncate", at: start },
  { op: "insert", at: start, from: { copy: behind, length: rest, decode } },
];

for (const decoding of [
  { kind: "base64" },
  { kind: "base64", alphabet: LETTERS },
  { kind: "hex" },
] as const) {
  const name = "alphabet" in decoding ? "base64 of other letters" : decoding.kind;
  test(`millions of letters of ${name}, and between spaces, take no memory each`, async () => {
    assert.equal(await inSmallHeap(restored([decoding]), "ab12", COUNT / 2), "repaired");
    assert.equal(await inSmallHeap(restored([decoding]), "a b\n", COUNT / 2), "repaired");
    assert.equal(await inSmallHeap(restored([decoding]), "ab1~", COUNT / 2), "REPAIR_REFUSED");
  });
}

test("millions of a line that the recipe takes out once are refused before they are listed", async () => {
  const steps: Repair["steps"] = [{ op: "lines", lines: [{ line: "fi\n", times: 1 }] }];
  assert.equal(await inSmallHeap(steps, "fi\n", COUNT), "REPAIR_REFUSED");
});

test("millions of blocks that a file says to be in another order are refused", async () => {
  const order: Decoding = {
    ...{ kind: "unshuffle", unit: 1, count: { size: true, plus: -MARK.length } },
    ...{ order: behind, width: 1, endian: "little" },
  };
  assert.equal(await inSmallHeap(restored([order]), "abcd", COUNT), "REPAIR_REFUSED");
});

test("several decoded runs together stay within what one may take", () => {
  const packed = deflateRawSync(Buffer.alloc(700_000));
  const infected = Buffer.concat([Buffer.from(MARK), packed]);
  const run = { copy: behind, length: rest, decode: [{ kind: "inflate", form: "raw" }] } satisfies object;
  const steps: Repair["steps"] = [{ op: "truncate", at: start }];
  const given = (decoded: NonNullable<Repair["decoded"]>, more: Repair["steps"] = []) =>
    applyRepair(recipe([...steps, ...more], { decoded }), infected, "text").length;
  assert.equal(given([run as never]), 0);
  assert.throws(() => given([run, run] as never), { code: "REPAIR_REFUSED" });
  const insert: Repair["steps"][number] = { op: "insert", at: start, from: run as never };
  assert.throws(() => given([run] as never, [insert]), { code: "REPAIR_REFUSED" });
});
