import assert from "node:assert/strict";
import { test } from "node:test";
import type { NumberExpr, PositionExpr } from "@thymus/contracts";
import { type ByteSource, Repair, type RepairStep, ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { applyRepair, repairWith } from "./index.ts";

const MARK = Buffer.from("\x01BODY-MARK\x02", "latin1");

function recipe(steps: RepairStep[], identify: Partial<Repair["identify"]> = {}): Repair {
  return Repair.parse({
    identify: { types: ["text"], anchor: MARK.toString("hex"), minSize: 0, checks: [], ...identify },
    steps,
    expect: { types: ["text"], minSize: 0 },
  });
}

const start = (plus: NumberExpr): PositionExpr => ({ from: "start", plus });
const anchor = (plus: NumberExpr): PositionExpr => ({ from: "anchor", plus });
const end = (plus: NumberExpr): PositionExpr => ({ from: "end", plus });
const code = (expected: string) => (error: unknown) =>
  error instanceof ThymusError && error.code === expected;
const host = fc.uint8Array({ maxLength: 200 }).filter((bytes) => !Buffer.from(bytes).includes(MARK));

test("steps speak about the file as it was found, whatever their order", () => {
  const infected = Buffer.concat([Buffer.from("abc"), MARK, Buffer.from("XYZdef")]);
  const steps: RepairStep[] = [
    { op: "cut", at: anchor(0), length: MARK.length },
    { op: "put", at: end(-6), from: { bytes: "787a" } },
    { op: "insert", at: start(0), from: { copy: end(-3), length: 3 } },
    { op: "truncate", at: end(-1) },
  ];
  for (const order of [steps, steps.toReversed()]) {
    assert.equal(Buffer.from(applyRepair(recipe(order), infected, "text")).toString(), "defabcxzZde");
  }
});

test("each kind of number and source", () => {
  const tail = Buffer.from("len=12;\x05\x00\x00\x00\xff\xff\xff\xff", "latin1");
  const infected = Buffer.concat([MARK, tail]);
  const at = MARK.length;
  const values: [NumberExpr, number][] = [
    [{ decimal: anchor(at + 4) }, 12],
    [{ read: anchor(at + 7), width: 4, order: "little", times: 3, plus: -1 }, 14],
    [{ read: anchor(at + 11), width: 4, order: "little", signed: true }, -1],
    [{ read: anchor(at + 7), width: 2, order: "big" }, 0x500],
    [{ size: true, times: 2, plus: 1 }, infected.length * 2 + 1],
    [{ offset: end(-1) }, infected.length - 1],
    [{ seek: "3b??00", at: anchor(0), plus: 1 }, at + 7],
    [{ sum: [{ decimal: anchor(at + 4) }, -2] }, 10],
  ];
  for (const [number, expected] of values) {
    const steps: RepairStep[] = [
      { op: "cut", at: start(0), length: { size: true } },
      { op: "insert", at: start(0), from: { number, width: 8, order: "little" } },
    ];
    const repaired = Buffer.from(applyRepair(recipe(steps), infected, "text"));
    assert.equal(Number(repaired.readBigInt64LE()), expected);
  }
});

test("what was inserted, prepended, appended, moved or encoded comes back byte for byte", () => {
  fc.assert(
    fc.property(host, fc.nat(200), fc.uint8Array({ minLength: 1, maxLength: 8 }), (bytes, cut, key) => {
      const at = Math.min(cut, bytes.length);
      const [head, rest] = [bytes.subarray(0, at), bytes.subarray(at)];
      const xored = bytes.map((byte, i) => byte ^ key[i % key.length]!);
      const all = { op: "cut", at: start(0), length: { size: true } } as const;
      const put = (from: ByteSource): RepairStep[] => [all, { op: "insert", at: start(0), from }];
      const after = (encoded: Uint8Array) => Buffer.concat([key, MARK, encoded]);
      const saved = {
        copy: anchor(MARK.length),
        length: { size: true, plus: -MARK.length - key.length },
      } as const;
      const cases: [Uint8Array, RepairStep[]][] = [
        [Buffer.concat([head, MARK, rest]), [{ op: "cut", at: anchor(0), length: MARK.length }]],
        [Buffer.concat([bytes, MARK]), [{ op: "truncate", at: anchor(0) }]],
        [
          after(xored),
          put({ ...saved, decode: [{ kind: "xor", key: { at: start(0), length: key.length } }] }),
        ],
        [
          after(Buffer.from(Buffer.from(bytes).toString("hex"))),
          put({ ...saved, decode: [{ kind: "hex" }] }),
        ],
        [
          after(Buffer.from(Buffer.from(bytes).toString("base64"))),
          put({ ...saved, decode: [{ kind: "base64" }] }),
        ],
        [after(Uint8Array.from(bytes).reverse()), put({ ...saved, decode: [{ kind: "reverse" }] })],
      ];
      for (const [infected, steps] of cases) {
        if (Buffer.from(infected).indexOf(MARK) !== Buffer.from(infected).lastIndexOf(MARK)) continue;
        assert.deepEqual(Buffer.from(applyRepair(recipe(steps), infected, "text")), Buffer.from(bytes));
      }
    }),
    { numRuns: 200 },
  );
});

test("refuses another type, a missing or doubled anchor, a failed check, overlap and growth", () => {
  const once = Buffer.concat([MARK, Buffer.from("tail")]);
  const twice = Buffer.concat([once, MARK]);
  const cut: RepairStep[] = [{ op: "cut", at: anchor(0), length: MARK.length }];
  const refused = (made: Repair, bytes: Uint8Array, type: "text" | "shell" = "text") =>
    assert.throws(() => applyRepair(made, bytes, type), code("REPAIR_REFUSED"));
  refused(recipe(cut), once, "shell");
  refused(recipe(cut), Buffer.from("clean"));
  refused(recipe(cut), twice);
  refused(recipe(cut, { minSize: 100 }), once);
  refused(recipe(cut, { checks: [{ at: anchor(MARK.length), bytes: "74??00" }] }), once);
  refused(recipe([...cut, { op: "put", at: anchor(2), from: { bytes: "00" } }]), once);
  refused(recipe([{ op: "insert", at: start(0), from: { fill: "00", length: 1e9 } }, ...cut]), once);
  refused(recipe([{ op: "cut", at: anchor(0), length: -1 }]), once);
  assert.throws(
    () => applyRepair(recipe([{ op: "truncate", at: end(-1) }]), once, "text"),
    code("REPAIR_FAILED"),
  );
});

test("recipes that contradict each other are refused, recipes that agree are one", () => {
  const infected = Buffer.concat([Buffer.from("ab"), MARK]);
  const a = recipe([{ op: "truncate", at: anchor(0) }]);
  const b = recipe([{ op: "cut", at: anchor(0), length: MARK.length }]);
  const c = recipe([{ op: "truncate", at: anchor(-1) }]);
  assert.equal("repaired" in repairWith([a, b], infected, "text"), true);
  assert.deepEqual(repairWith([a, c], infected, "text"), {
    refused: "two recipes fit this file and contradict each other",
  });
  assert.match((repairWith([], infected, "text") as { refused: string }).refused, /no repair recipe/);
});

test("a result that claims to be ELF must hold its own tables", () => {
  const elf = Buffer.alloc(128);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeBigUInt64LE(64n, 0x20);
  elf.writeUInt16LE(56, 0x36);
  elf.writeUInt16LE(1, 0x38);
  const made: Repair = {
    ...recipe([{ op: "truncate", at: anchor(0) }]),
    expect: { types: ["elf64"], minSize: 0 },
  };
  assert.equal(applyRepair(made, Buffer.concat([elf, MARK]), "text").length, 128);
  const short = Buffer.concat([elf.subarray(0, 100), MARK]);
  assert.throws(() => applyRepair(made, short, "text"), code("REPAIR_FAILED"));
  assert.throws(
    () => applyRepair(made, Buffer.concat([Buffer.from("no"), MARK]), "text"),
    code("REPAIR_FAILED"),
  );
});

const { number } = fc.letrec<{ number: NumberExpr; position: PositionExpr }>((tie) => ({
  number: fc.oneof(
    { depthSize: "small" },
    fc.integer({ min: -300, max: 300 }),
    fc.maxSafeInteger(),
    fc.record({
      read: tie("position"),
      width: fc.constantFrom(1, 2, 4, 8),
      order: fc.constantFrom("little", "big"),
      signed: fc.boolean(),
    }),
    fc.record({ decimal: tie("position") }),
    fc.record({ size: fc.constant(true), times: fc.maxSafeInteger() }),
    fc.record({ offset: tie("position"), times: fc.integer() }),
    fc.record({ seek: fc.constantFrom("??", "00", "41??"), at: tie("position") }),
    fc.record({ sum: fc.array(tie("number"), { minLength: 2, maxLength: 4 }) }),
  ) as fc.Arbitrary<NumberExpr>,
  position: fc.record({ from: fc.constantFrom("start", "end", "anchor"), plus: tie("number") }) as never,
}));

test("random recipes over random bytes throw nothing but errors of ours", () => {
  const place = fc.record({ from: fc.constantFrom("start", "end", "anchor"), plus: number });
  const decode = fc.array(
    fc.constantFrom({ kind: "hex" }, { kind: "base64" }, { kind: "reverse" }, { kind: "xor", key: "" }),
    { maxLength: 3 },
  );
  const from = fc.oneof(
    fc.constant({ bytes: "00ff" }),
    fc.record({ copy: place, length: number, decode }),
    fc.record({ fill: fc.constant("20"), length: number }),
    fc.record({ number, width: fc.constantFrom(1, 2, 4, 8), order: fc.constantFrom("little", "big") }),
  );
  const step = fc.oneof(
    fc.record({ op: fc.constant("cut"), at: place, length: number }),
    fc.record({ op: fc.constant("truncate"), at: place }),
    fc.record({ op: fc.constantFrom("put", "insert"), at: place, from }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), host, host, (steps, a, b) => {
      const infected = Buffer.concat([a, MARK, b]);
      const copy = Buffer.from(infected);
      try {
        applyRepair(recipe(steps as RepairStep[]), infected, "text");
      } catch (error) {
        assert.ok(error instanceof ThymusError, String(error));
      }
      assert.deepEqual(infected, copy);
    }),
    { numRuns: 1000 },
  );
});

test("a cut may begin at the beginning of the anchor's line, wherever that stands", () => {
  const recipe = cutLine();
  const clean = "first\nsecond\n";
  for (const at of [0, 6]) {
    const infected = `${clean.slice(0, at)}name = "marked words of the body"\n${clean.slice(at)}`;
    const repaired = applyRepair(recipe, Buffer.from(infected), "python");
    assert.equal(Buffer.from(repaired).toString(), clean);
  }
});

function cutLine(): Repair {
  const anchor = Buffer.from("marked words of the body").toString("hex");
  const end = { seek: "0a", at: { from: "anchor" as const, plus: 0 }, plus: 1 };
  const line = { line: { from: "anchor" as const, plus: 0 } };
  return Repair.parse({
    identify: { types: ["python"], anchor, minSize: 1, checks: [] },
    steps: [
      {
        op: "cut",
        at: { from: "anchor", plus: line },
        length: {
          sum: [
            { offset: { from: "anchor", plus: end } },
            { offset: { from: "anchor", plus: line }, times: -1 },
          ],
        },
      },
    ],
    expect: { types: ["python"], minSize: 0 },
  });
}
