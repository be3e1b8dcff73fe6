import assert from "node:assert/strict";
import { test } from "node:test";
import { DRILL_FOLDER, DRILL_MARK } from "@thymus/contracts";
import fc from "fast-check";
import { indexedSelf } from "../../signature/family/testing/indexed-self.ts";
import { built, core, texts, variant } from "../testing/variants.ts";
import { holdsCore, nearestFamily, similarity } from "./kinship.ts";
import { sketchOfSample } from "./of-sample.ts";
import { KinSketch, MOST_VALUES, overlap, SetSketch, setSketch } from "./sketch.ts";

const self = indexedSelf([built(texts(900_000, 40), 1)]);
const of = (bytes: Uint8Array, invariant: readonly Uint8Array[] = []) =>
  sketchOfSample({ name: "sample", bytes, type: "elf64" }, invariant, self);

test("small sets are compared exactly, whatever they are", () => {
  const set = fc.uniqueArray(fc.string({ maxLength: 6 }), { maxLength: 60 });
  fc.assert(
    fc.property(set, set, (one, other) => {
      const { common, ofFirst, ofSecond } = overlap(setSketch(one), setSketch(other));
      const both = one.filter((each) => other.includes(each)).length;
      assert.equal(common, both);
      assert.equal(ofFirst, one.length === 0 ? 0 : both / one.length);
      assert.equal(ofSecond, other.length === 0 ? 0 : both / other.length);
    }),
    { numRuns: 60 },
  );
});

test("large sets are estimated, from a bounded sketch", () => {
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `text ${from + i}`);
  const [one, other] = [setSketch(numbers(0, 20_000)), setSketch(numbers(10_000, 20_000))];
  assert.equal(one.values.length, MOST_VALUES);
  const { ofFirst, ofSecond } = overlap(one, other);
  assert.ok(Math.abs(ofFirst - 0.5) < 0.1, `${ofFirst}`);
  assert.ok(ofSecond > 0.9, `${ofSecond}`);
});

test("what a worker that was taken over could say is no sketch", () => {
  const whole = setSketch(texts(1, 20));
  assert.ok(SetSketch.safeParse(whole).success);
  for (const values of [[...whole.values].reverse(), whole.values.slice(1), [...whole.values, 2 ** 50]])
    assert.ok(!SetSketch.safeParse({ total: whole.total, values }).success);
  assert.ok(!KinSketch.safeParse({ version: 1, texts: whole, code: whole, body: null }).success);
});

test("variants are kin, strangers are not; what self holds and what exercises carry is nobody's own", () => {
  const [one, other] = [of(variant(1)), of(variant(2))];
  assert.ok(Math.abs(similarity(one, other) - 0.3) < 0.02);
  assert.equal(similarity(one, of(built(texts(500_000, 60), 9))), 0);
  assert.equal(of(built(texts(900_000, 40), 5)).texts.total, 0);
  const exercise = Buffer.from(`# ${DRILL_MARK} a-drill\n${DRILL_FOLDER}/spread a-drill-with-a-long-name\n`);
  assert.equal(of(exercise, [exercise]).body.total, 0);
});

test("infections are told by what all their files share, not by the host that brought them", () => {
  const body = Buffer.from(texts(3000, 3).join("\n"));
  const [one, other] = [of(variant(1), [body]), of(variant(1), [Buffer.from(texts(4000, 3).join("\n"))])];
  assert.equal(similarity(one, other), 0);
  assert.equal(similarity(one, of(variant(5), [body.subarray(10)])), 1);
});

test("a program is no kin of a library inside it, and a few texts teach nothing", () => {
  const library = texts(2000, 20);
  const large = of(built([...library, ...texts(5000, 500)], 3));
  assert.equal(similarity(of(built(library, 4)), large), 0);
  const family = [1, 2, 3].map((number) => of(variant(number)));
  const dressed = of(built(core.slice(0, 10), 7));
  assert.ok(similarity(dressed, family[0]!) > 0);
  assert.ok(!holdsCore(dressed, family) && holdsCore(of(variant(4)), family));
});

test("one between two families is of neither where most of them are not its kin", () => {
  const member = (family: string, number: number) => ({ family, sketch: of(variant(number)) });
  const others = [10, 11, 12, 13].map((number) => ({
    family: "other.family",
    sketch: of(built([...texts(40_000, 30), ...texts(number * 50_000, 40)], number)),
  }));
  assert.equal(nearestFamily(of(variant(3)), [member("one.family", 1), ...others])?.family, "one.family");
  const between = built(texts(10 * 50_000, 40), 77);
  assert.equal(nearestFamily(of(between), others), null);
});
