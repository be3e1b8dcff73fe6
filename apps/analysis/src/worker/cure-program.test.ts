import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { DRILL_MARK, Family } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import { listBehaviours } from "@thymus/testkit/behaviours";
import { listDrills, listHarmless } from "@thymus/testkit/drills";
import { sha256Of } from "../proof/evidence.ts";
import { buildCorpus } from "../self/index.ts";
import { indexedSelf } from "../signature/family/testing/indexed-self.ts";
import type { Self } from "../signature/index.ts";
import { cureProgram, curesProgram, type Program, programFamily } from "./cure-program.ts";
import { keepEvidence } from "./evidence.ts";
import type { ProveJob } from "./protocol.ts";
import { prove } from "./prove.ts";

const harmless = [...listHarmless(), ...listBehaviours().filter((each) => !each.harmful)];
let self: Self;
before(async () => {
  self = indexedSelf(await Promise.all(harmless.map(({ file }) => readFile(file))));
});

async function cured(program: Program): Promise<string> {
  const derived = await cureProgram(program, Family.parse("test.family"), self);
  assert.ok("rule" in derived, JSON.stringify(derived));
  return derived.rule;
}

async function hits(rule: string, files: readonly string[]): Promise<string[]> {
  const rules = (await loadEngine()).compile([{ namespace: "test", source: rule }]);
  try {
    const found: string[] = [];
    for (const file of files) if (rules.scan(await readFile(file)).length > 0) found.push(file);
    return found;
  } finally {
    rules.close();
  }
}

test("a harmful program is found by a rule of its own, and nothing harmless is", async () => {
  const programs = listBehaviours().filter(
    ({ harmful, verdict, type }) => harmful && curesProgram(verdict, type),
  );
  const rules: string[] = [];
  for (const { file, type, id } of programs) {
    const derived = await cureProgram(
      { bytes: await readFile(file), type },
      Family.parse("test.family"),
      self,
    );
    if ("gaveUp" in derived) {
      assert.ok(derived.gaveUp.why.length > 20);
      continue;
    }
    assert.ok((await hits(derived.rule, [file])).length === 1, id);
    assert.doesNotMatch(derived.rule, /THYMUS-DRILL|thymus-drill/);
    rules.push(derived.rule.replace("test_family", id.replaceAll("-", "_")));
  }
  assert.ok(rules.length >= 10, `${rules.length} of ${programs.length}`);
  assert.deepEqual(
    await hits(
      rules.join("\n"),
      harmless.map(({ file }) => file),
    ),
    [],
  );
});

test("what belongs to the exercise is in no rule", async () => {
  const encrypt = listDrills().find(({ id }) => id === "encrypt")!;
  const rule = await cured({ bytes: await readFile(encrypt.file), type: encrypt.type });
  assert.doesNotMatch(rule, new RegExp(`${DRILL_MARK}|thymus-drill`));
  assert.deepEqual(
    await hits(
      rule,
      listDrills().map(({ file }) => file),
    ),
    [encrypt.file],
  );
});

test("a program of which only the exercise is its own gets none", async () => {
  const bytes = Buffer.from(`#!/bin/sh\n# ${DRILL_MARK} small\n[ -x /run/thymus-drill/spread ] || exit 77\n`);
  const derived = await cureProgram({ bytes, type: "shell" }, Family.parse("test.family"), self);
  assert.ok("gaveUp" in derived);
});

test("archives, packages and what is not harmful get none", () => {
  assert.ok(curesProgram("thief", "elf64") && curesProgram("worm", "node"));
  assert.ok(!curesProgram("thief", "npm") && !curesProgram("dropper", "archive"));
  assert.ok(!curesProgram("unknown", "elf64") && !curesProgram("infector", "elf64"));
});

test("it is proved on the sample, on clean decoys and on goodware", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "thymus-program-"));
  t.after(() => rm(root, { recursive: true }));
  const good = join(root, "good");
  await mkdir(good);
  const corpusDir = join(root, "corpus");
  for (const [at, { file }] of harmless.entries()) await writeFile(join(good, `${at}`), await readFile(file));
  await buildCorpus({ dir: corpusDir, sources: [good], modelBytes: 4096 });
  const thief = listBehaviours().find(({ id }) => id === "thief-ssh-gzip")!;
  const bytes = await readFile(thief.file);
  const facts = { sha256: sha256Of(bytes), size: bytes.length, type: thief.type };
  const rule = await cured({ bytes, type: thief.type });
  const clean = {
    path: "/srv/a",
    kind: "script",
    type: "shell",
    before: Buffer.from("#!/bin/sh\n"),
  } as const;
  const proved = async (name: string, decoys: (typeof clean)[], job: Partial<ProveJob> = {}) => {
    const evidence = join(root, name);
    await keepEvidence(evidence, facts, bytes, [], [], decoys);
    const detect = { engine: "yara-x", rule, scope: [thief.type] } as const;
    const plain = { kind: "prove", evidence, corpusDir, repair: [], program: true, out: root } as const;
    return prove({ ...plain, detect: { ...detect, scope: [...detect.scope] }, ...job } as ProveJob, () => {});
  };
  const { sound, why, programs, goodware } = await proved("whole", [clean]);
  assert.deepEqual([sound, why, programs, goodware.matches], [true, null, { samples: 1, detected: 1 }, 0]);
  assert.match((await proved("alone", [])).why!, /no clean decoy/);
  assert.match((await proved("others", [clean], { program: false })).why!, /no fresh decoy/);
  const escapes = { engine: "yara-x", rule: "rule r { condition: false }", scope: [thief.type] } as const;
  const escaped = await proved("escapes", [clean], { detect: { ...escapes, scope: [thief.type] } });
  assert.match(escaped.why!, /does not find/);
  const held = { ...clean, before: bytes };
  assert.match((await proved("held", [held])).why!, /1 clean decoys/);
});

test("the name tells kind, verdict and content", () => {
  const program = { bytes: Buffer.from("x"), type: "elf64" } as const;
  assert.equal(programFamily(program, "thief"), "elf64.thief.2d711642");
});
