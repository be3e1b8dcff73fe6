import assert from "node:assert/strict";
import { test } from "node:test";
import { loadEngine } from "@thymus/detection";
import { random } from "../../infection/testing/random.ts";
import { deriveFamilyRule, type FamilySample } from "./index.ts";
import { indexedSelf } from "./testing/indexed-self.ts";
import { machineCode, type ProgramOptions, program, sampleOf } from "./testing/programs.ts";

const engine = await loadEngine();

/** A program that shows no text. */
function silent(family: number, version: number, options: Partial<ProgramOptions> = {}): FamilySample {
  const seed = family * 100 + version;
  const payload = random(seed).bytes(600);
  const code = machineCode(family, seed);
  return sampleOf(program({ texts: [], seed, code, payload, isDynamic: true, ...options }));
}

const good = [
  silent(60, 1),
  silent(61, 1),
  ...[1, 2, 3].map((seed) => sampleOf(program({ texts: [], seed }))),
];
const self = indexedSelf(good.map(({ bytes }) => bytes));
const derive = (samples: FamilySample[]) => deriveFamilyRule({ samples, self, family: "test.silent" });

test("programs that hide their texts are known by their code, whatever its addresses are", async () => {
  const derived = await derive([1, 2, 3].map((version) => silent(1, version)));
  assert.ok("rule" in derived, JSON.stringify(derived));
  assert.match(derived.rule, /\?\?\?\?\?\?\?\?/);
  const compiled = engine.compile([{ namespace: "test", source: derived.rule }]);
  assert.equal(compiled.scan(silent(1, 9).bytes).length, 1, derived.rule);
  for (const { bytes } of [...good, silent(2, 1), silent(3, 1)]) assert.equal(compiled.scan(bytes).length, 0);
  compiled.close();
});

const refused: [string, FamilySample[]][] = [
  ["code that self holds", [silent(60, 2), silent(60, 3)]],
  ["static programs, whose code may be a library's", [1, 2].map((v) => silent(1, v, { isDynamic: false }))],
  [
    "programs with the runtime of their language inside",
    [1, 2].map((v) => silent(1, v, { texts: ["RUST_BACKTRACE=full to see more"] })),
  ],
  ["one program alone", [silent(1, 1)]],
  ["programs with different code", [silent(1, 1), silent(2, 1), silent(3, 1)]],
];
for (const [what, samples] of refused) {
  test(`by code alone there is no rule on ${what}`, async () => {
    assert.ok("gaveUp" in (await derive(samples)));
  });
}
