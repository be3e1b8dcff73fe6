import assert from "node:assert/strict";
import { test } from "node:test";
import { DRILL_FOLDER, DRILL_MARK, MAX_RULE_BYTES } from "@thymus/contracts";
import { pairInfections, type Specimen } from "../infection/index.ts";
import { fakeSelf, ruleMatches } from "../infection/testing/fake-self.ts";
import { elfHosts, textHosts } from "../infection/testing/hosts.ts";
import { infect, scenarios, TEXT } from "../infection/testing/infections.ts";
import { random } from "../infection/testing/random.ts";
import { deriveRule } from "./index.ts";

const goodware = [...elfHosts(5, {}, 7), ...textHosts(["shell", "python"], 10, {}, 7)].map(
  ({ bytes }) => bytes,
);
const self = fakeSelf(goodware);
const derive = (specimens: Specimen[], corpus = self, sample = Buffer.alloc(0)) =>
  deriveRule({
    analysis: pairInfections(specimens),
    specimens,
    sample: { bytes: sample, type: "text" },
    corpus,
    family: "test.family-1",
  });

for (const { name, specimens, rule } of scenarios) {
  test(`derives a sound rule or says why not: ${name}`, async () => {
    const seen = specimens(0);
    const derived = await derive(seen);
    if ("gaveUp" in derived) {
      assert.equal(derived.gaveUp.code, rule);
      return;
    }
    assert.equal(rule, "sound", derived.rule);
    assert.ok(Buffer.byteLength(derived.rule) <= MAX_RULE_BYTES);
    for (const { before, after } of [...seen, ...specimens(3)]) {
      assert.ok(ruleMatches(derived.rule, after));
      assert.ok(!ruleMatches(derived.rule, before));
    }
    assert.ok(!goodware.some((bytes) => ruleMatches(derived.rule, bytes)));
  });
}

const hosts = textHosts(["shell"], 8);
const append = (body: string | Buffer) =>
  infect(hosts, ({ bytes }) => Buffer.concat([bytes, Buffer.from(body)]));

test("what exercises carry is never part of a rule", async () => {
  const only = append(`\n# ${DRILL_MARK}\n${DRILL_FOLDER}/spread sh-append-something-long\n`);
  const none = await derive(only);
  assert.ok("gaveUp" in none && none.gaveUp.code === "NO_CONSTANT_PART", JSON.stringify(none));
  const both = await derive(append(`\n# ${DRILL_MARK}\n${DRILL_FOLDER}/spread sh-append\n${TEXT}\n`));
  assert.ok("rule" in both);
  assert.doesNotMatch(both.rule, /DRILL|thymus-drill|spread/);
});

test("a run that one clean file of self holds is vetoed, all of them in one scan", async () => {
  const specimens = append(`\n${TEXT}\n`);
  const partly = fakeSelf([...goodware, TEXT.subarray(0, 80)]);
  const derived = await derive(specimens, partly);
  assert.ok("rule" in derived && derived.candidates.vetoed > 0);
  assert.equal(partly.scans <= 4, true);
  assert.ok(!ruleMatches(derived.rule, TEXT.subarray(0, 80)));
  const wholly = await derive(specimens, fakeSelf([...goodware, Buffer.from(`x\n${TEXT}\n`)]));
  assert.ok("gaveUp" in wholly && wholly.gaveUp.code === "NO_SOUND_RULE");
});

test("no rule rests on a text that a list of what is known to be good names, nor on a part of it", async () => {
  const address = "http://downloads.example.org/releases/stable/index-of-packages.html";
  const specimens = append(`\n# ${address}\n${TEXT}\n`);
  const warned = (text: string) => (text.includes("downloads.example.org") ? "list" : null);
  const derived = await derive(specimens, { ...self, warned } as typeof self);
  assert.ok("rule" in derived, JSON.stringify(derived));
  assert.doesNotMatch(derived.rule, /example|releases|packages/);
  const alone = await derive(append(`\n# ${address}\n`), { ...self, warned } as typeof self);
  assert.ok("gaveUp" in alone, JSON.stringify(alone));
});

test("no rule rests on the code of a library that an infection carries", async () => {
  const library = Buffer.from(random(31).bytes(2000));
  const specimens = infect(elfHosts(8, {}, 3), ({ bytes }) => Buffer.concat([bytes, library, TEXT]));
  const labelOf = (bytes: Uint8Array) => (library.includes(bytes.subarray(100, 160)) ? "library" : null);
  const derived = await derive(specimens, { ...self, labelOf } as typeof self);
  assert.ok("rule" in derived, JSON.stringify(derived));
  assert.ok(ruleMatches(derived.rule, specimens[0]!.after));
  for (const string of derived.strings) assert.ok(!library.subarray(0, -256).includes(string));
});

test("bytes that a clean decoy holds are the host's", async () => {
  const specimens = append(`\n${TEXT}\n`);
  const held = Buffer.from(`x\n${TEXT}\n`);
  const clean = { path: "/srv/clean", kind: "k", type: "text", before: held, after: held } as const;
  const derived = await derive([...specimens, clean]);
  assert.ok("gaveUp" in derived && derived.gaveUp.code === "NO_SOUND_RULE");
});

test("a single infected file needs the sample as a second witness", async () => {
  const one = append(`\n${TEXT}\n`).slice(0, 1);
  const alone = await derive(one);
  assert.ok("gaveUp" in alone, JSON.stringify(alone));
  const witnessed = await derive(one, self, Buffer.concat([Buffer.from("carrier "), TEXT]));
  assert.ok("rule" in witnessed && witnessed.scope.includes("text"));
});

test("a few variants become one rule of several parts", async () => {
  const bodies = [1, 2, 3].map((seed) => random(seed + 4000).bytes(200));
  const specimens = infect(textHosts(["shell"], 12), ({ bytes }, i) =>
    Buffer.concat([bytes, bodies[i % 3]!]),
  );
  const derived = await derive(specimens);
  assert.ok("rule" in derived && / or /.test(derived.rule));
  assert.ok(specimens.every(({ after }) => ruleMatches(derived.rule, after)));
});

test("a short stub with a few varying bytes is found by wild cards", async () => {
  const stub = random(99).bytes(44);
  const specimens = infect(textHosts(["shell"], 10), ({ bytes }, i) => {
    const body = Buffer.from(stub);
    for (const at of [10, 11, 21, 22, 32, 33]) body[at] = 37 * i + at;
    return Buffer.concat([bytes, body, random(i + 70).bytes(90)]);
  });
  const derived = await derive(specimens);
  assert.ok("rule" in derived, JSON.stringify(derived));
  assert.match(derived.rule, /\?\?/);
  assert.ok(
    specimens.every(
      ({ after, before }) => ruleMatches(derived.rule, after) && !ruleMatches(derived.rule, before),
    ),
  );
});

test("scripts of two languages that share too little get a rule of two parts", async () => {
  const shared = Buffer.from(" in the ash bucket, ");
  const bodies = { shell: random(501).bytes(150), python: random(502).bytes(150) };
  const specimens = infect(textHosts(["shell", "python"], 6), ({ bytes, type }) =>
    Buffer.concat([
      bytes,
      bodies[type as "shell"],
      shared,
      bodies[type as "shell"].subarray(0, 30).reverse(),
    ]),
  );
  const derived = await derive(
    specimens,
    fakeSelf([...goodware, Buffer.from("an oak in the ash bucket, here")]),
  );
  assert.ok("rule" in derived, JSON.stringify(derived));
  assert.ok(
    specimens.every(
      ({ after, before }) => ruleMatches(derived.rule, after) && !ruleMatches(derived.rule, before),
    ),
  );
});
