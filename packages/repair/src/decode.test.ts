import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import {
  Decoding,
  type PositionExpr,
  parseDocument,
  Repair,
  ThymusError,
  type View,
} from "@thymus/contracts";
import fc from "fast-check";
import { applyRepair } from "./index.ts";

const MARK = Buffer.from("\x01BODY-MARK\x02", "latin1");
const anchor = (plus: number): PositionExpr => ({ from: "anchor", plus });

/** What stands behind the mark is `head` and the encoded host, which is all that is given back. */
function recipe(head: number, decode: Decoding[], extra: Partial<Repair> = {}): Repair {
  const behind = MARK.length + head;
  return Repair.parse({
    identify: { types: ["text"], anchor: MARK.toString("hex"), minSize: 0, checks: [] },
    steps: [
      { op: "truncate", at: { from: "start", plus: 0 } },
      {
        op: "insert",
        at: { from: "start", plus: 0 },
        from: { copy: anchor(behind), length: { size: true, plus: -behind }, decode },
      },
    ],
    expect: { types: ["text"], minSize: 0 },
    ...extra,
  });
}

const undone = (head: Uint8Array, encoded: Uint8Array, decode: Decoding[]) =>
  Buffer.from(applyRepair(recipe(head.length, decode), Buffer.concat([MARK, head, encoded]), "text"));
const nothing = Buffer.alloc(0);
const byte = fc.nat(255);
const host = fc.uint8Array({ minLength: 1, maxLength: 300 }).filter((b) => !Buffer.from(b).includes(MARK));

test("what a key, a table, a turn or another order made of a host comes back, its key read from the file", () => {
  fc.assert(
    fc.property(
      ...[host, fc.uint8Array({ minLength: 1, maxLength: 8 }), byte, byte, fc.nat(7)],
      fc.shuffledSubarray([...new Uint8Array(256).keys()], { minLength: 256 }),
      (bytes, key, first, step, bits, table) => {
        const keyed = { at: anchor(MARK.length), length: key.length };
        const k = (i: number) => key[i % key.length]!;
        let last = first;
        const cases: [Uint8Array, Uint8Array, Decoding][] = [
          [key, bytes.map((b, i) => b ^ k(i)), { kind: "xor", key: keyed }],
          [key, bytes.map((b, i) => b + k(i)), { kind: "subtract", key: keyed }],
          [key, bytes.map((b, i) => b - k(i)), { kind: "add", key: keyed }],
          [
            Uint8Array.of(first, step),
            bytes.map((b, i) => b ^ (first + i * step)),
            {
              kind: "slide",
              by: "xor",
              key: { at: anchor(MARK.length) },
              step: { at: anchor(MARK.length + 1) },
            },
          ],
          [
            Uint8Array.of(first),
            bytes.map((b) => {
              last = (b + last + 9) & 255;
              return last;
            }),
            { kind: "chain", by: "subtract", first: { at: anchor(MARK.length) }, plus: -9 },
          ],
          [
            Uint8Array.of(bits),
            bytes.map((b) => (b << bits) | (b >>> (8 - bits))),
            { kind: "rotate", bits: { at: anchor(MARK.length) } },
          ],
          [
            Uint8Array.from(table),
            bytes.map((b) => table[b]!),
            { kind: "table", table: { at: anchor(MARK.length) }, inverse: true },
          ],
          [
            nothing,
            bytes.map((b) => table[b]!),
            { kind: "table", table: Buffer.from(table).toString("hex"), inverse: true },
          ],
        ];
        for (const [head, encoded, decoding] of cases) {
          assert.deepEqual(Decoding.parse(JSON.parse(JSON.stringify(decoding))), decoding);
          if (Buffer.concat([head, encoded]).includes(MARK)) continue;
          assert.deepEqual(undone(head, encoded, [decoding]), Buffer.from(bytes));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("what was compressed, swapped, written in other letters or cut in blocks comes back", () => {
  const letters = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210-_";
  const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  fc.assert(
    fc.property(host, fc.constantFrom(1, 2, 4, 8), (bytes, unit) => {
      const text = [...Buffer.from(bytes).toString("base64")].map((c) => letters[standard.indexOf(c)] ?? c);
      const words = Uint8Array.from(bytes);
      for (let at = 0; unit > 1 && at + unit <= words.length; at += unit)
        words.subarray(at, at + unit).reverse();
      const halves = bytes.map((b) => (b << 4) | (b >>> 4));
      const cases: [Uint8Array, Decoding[]][] = [
        [deflateRawSync(bytes), [{ kind: "inflate", form: "raw" }]],
        [deflateSync(bytes), [{ kind: "inflate", form: "zlib" }]],
        [gzipSync(bytes), [{ kind: "inflate", form: "gzip" }]],
        [unit === 1 ? halves : words, [{ kind: "swap", unit: unit as 1 }]],
        [Buffer.from(text.join("")), [{ kind: "base64", alphabet: letters }]],
        [
          Uint8Array.from(bytes)
            .reverse()
            .map((b) => b ^ 255),
          [{ kind: "xor", key: "ff" }, { kind: "reverse" }],
        ],
      ];
      for (const [encoded, decode] of cases)
        assert.deepEqual(undone(nothing, encoded, decode), Buffer.from(bytes));
    }),
    { numRuns: 100 },
  );
  const order = Uint8Array.of(2, 0, 3, 1);
  const unshuffle: Decoding = {
    ...{ kind: "unshuffle", unit: 3, count: 4, order: anchor(MARK.length), width: 1, endian: "little" },
  };
  assert.equal(undone(order, Buffer.from("gggaaajjjddd+"), [unshuffle]).toString(), "aaadddgggjjj+");
  const inverse: Decoding = { ...unshuffle, inverse: true };
  assert.equal(undone(order, Buffer.from("dddjjjaaaggg+"), [inverse]).toString(), "aaadddgggjjj+");
});

test("refuses what is not encoded as the recipe says, and what would grow without end", () => {
  const refused = (head: Uint8Array, encoded: Uint8Array, decode: Decoding[]) =>
    assert.throws(
      () => undone(head, encoded, decode),
      (error) => error instanceof ThymusError && error.code === "REPAIR_REFUSED",
    );
  const raw: Decoding = { kind: "inflate", form: "raw" };
  refused(nothing, deflateRawSync(Buffer.alloc(1 << 26)), [raw]);
  refused(nothing, deflateRawSync(deflateRawSync(Buffer.alloc(1 << 26))), [raw, raw]);
  refused(nothing, Buffer.concat([deflateRawSync(Buffer.from("host")), Buffer.from("behind")]), [raw]);
  refused(nothing, deflateRawSync(Buffer.from("host bytes, cut")).subarray(0, -3), [raw]);
  refused(nothing, Buffer.from("no gzip"), [{ kind: "inflate", form: "gzip" }]);
  refused(Buffer.alloc(256), Buffer.from("abc"), [
    { kind: "table", table: { at: anchor(MARK.length) }, inverse: true },
  ]);
  // A byte that no learned host had is unknown to a table, not zero.
  const lacking = Uint8Array.from({ length: 256 }, (_, i) => (i === 0x63 ? 0 : i));
  refused(nothing, Buffer.from("abcd"), [{ kind: "table", table: Buffer.from(lacking).toString("hex") }]);
  refused(lacking, Buffer.from("abcd"), [{ kind: "table", table: { at: anchor(MARK.length) } }]);
  refused(Uint8Array.of(0, 0), Buffer.from("abcd"), [
    { kind: "unshuffle", unit: 2, count: 2, order: anchor(MARK.length), width: 1, endian: "little" },
  ]);
  refused(nothing, Buffer.from("abcd"), [{ kind: "rotate", bits: 8 }]);
});

test("numbers and bytes are read from decoded runs, each of which may rest on the ones before it", () => {
  const inner = Buffer.concat([Buffer.from("k"), Buffer.from("\x05\0lost!", "latin1").map((b) => b ^ 0x6b)]);
  const infected = Buffer.concat([
    Buffer.from("host...."),
    MARK,
    Buffer.from("K"),
    inner.map((b) => b ^ 0x4b),
  ]);
  const layer = (from: PositionExpr["from"], at: number) => ({
    copy: { from, plus: at + 1 },
    length: 8 - (from === "anchor" ? 0 : 1),
    decode: [{ kind: "xor" as const, key: { at: { from, plus: at }, length: 1 } }],
  });
  const made = recipe(0, [], {
    decoded: [layer("anchor", MARK.length), layer("decoded1", 0)],
    steps: [
      { op: "truncate", at: anchor(0) },
      {
        op: "put",
        at: {
          from: "start",
          plus: { read: { from: "decoded2", plus: 0 }, width: 2, order: "little", plus: -2 },
        },
        from: { copy: { from: "decoded2", plus: 2 }, length: 5 },
      },
    ],
  });
  assert.equal(Buffer.from(applyRepair(Repair.parse(made), infected, "text")).toString(), "hoslost!");
  const wrong = { ...made, steps: [{ op: "truncate", at: { from: "decoded1", plus: 0 } }] };
  assert.throws(() => applyRepair(Repair.parse(wrong), infected, "text"), /not one in the file/);
  const early = { ...made, decoded: made.decoded!.toReversed() };
  assert.throws(() => applyRepair(Repair.parse(early), infected, "text"), /not decoded/);
});

test("an anchor may stand in what stays the same under any key", () => {
  const body = Buffer.from("a body of constant bytes, whatever its key is");
  for (const [of, encode, back] of [
    ["xor", (b: number, key: number) => b ^ key, (a: number, b: number) => a ^ b],
    ["difference", (b: number, key: number) => (b + key) & 255, (a: number, b: number) => (b - a) & 255],
  ] as [View["of"], (b: number, key: number) => number, (a: number, b: number) => number][]) {
    const pattern = Buffer.from(body.subarray(1).map((b, i) => back(body[i]!, b)));
    const made = Repair.parse({
      identify: {
        types: ["text"],
        anchor: pattern.toString("hex"),
        view: { of, lag: 1 },
        minSize: 0,
        checks: [{ at: anchor(4), bytes: pattern.subarray(4, 12).toString("hex"), view: { of, lag: 1 } }],
      },
      steps: [{ op: "truncate", at: anchor(0) }],
      expect: { types: ["text"], minSize: 0 },
    });
    for (const key of [0, 7, 200]) {
      const infected = Buffer.concat([Buffer.from("the host"), body.map((b) => encode(b, key))]);
      assert.equal(Buffer.from(applyRepair(made, infected, "text")).toString(), "the host");
      assert.throws(() => applyRepair(made, Buffer.concat([infected, infected]), "text"), /twice/);
    }
    assert.throws(() => applyRepair(made, Buffer.from("the host"), "text"), /anchor/);
  }
});

test("a recipe with a decoding that this version does not know is refused with its place", () => {
  const made = recipe(0, [{ kind: "reverse" }]);
  const text = JSON.stringify(made).replace('"reverse"', '"tomorrow"');
  assert.throws(
    () => parseDocument(Repair, JSON.parse(text), "repair"),
    (error) =>
      error instanceof ThymusError && /steps/.test(error.message) && /decode|from/.test(error.message),
  );
});
