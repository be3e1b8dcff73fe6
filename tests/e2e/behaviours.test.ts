/**
 * The suite of behaviours in the real chamber: none of the harmless called harmful, none of the harmful called harmless.
 * THYMUS_WRITE_DOCS=1 writes docs/behaviours.md anew.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { needs } from "@thymus/testkit";
import { listBehaviours, type SuiteProgram } from "@thymus/testkit/behaviours";
import { listHarmless } from "@thymus/testkit/drills";
import { openChamber } from "../../apps/analysis/src/chamber/index.ts";
import { ensureTestData, sharedEnvironment } from "./support/cli.ts";
import { type Outcome, runSuite } from "./support/suite.ts";
import { confusion, gradeOf, type Line, toldBy, withTables } from "./support/suite-table.ts";

const skip = needs("root", "qemu", "bwrap", "apt");
const page = join(import.meta.dirname, "../../docs/behaviours.md");
const programs = listBehaviours();
const ABREAST = 2;
/** The drills' harmless programs, of which immunize.test.ts takes only two the whole way: an analysis ends with this verdict. */
const ordinary: readonly SuiteProgram[] = listHarmless().map((program) => ({
  ...program,
  harmful: false,
  verdict: "harmless",
  must: [],
  mustNot: [],
}));

before(async () => {
  if (!skip) await ensureTestData();
});

test("docs/behaviours.md names every program of the suite and no other", async () => {
  const told = toldBy(await readFile(page, "utf8"));
  assert.deepEqual([...told.keys()].sort(), programs.map((program) => program.id).sort());
});

test("the suite of behaviours", { skip, timeout: 1_500_000 }, async (suite) => {
  const dataDir = sharedEnvironment.THYMUS_CHAMBER_DIR;
  const chamber = await openChamber({ dataDir });
  const all = [...programs, ...ordinary];
  const outcomes = await runSuite(chamber, dataDir, all, ABREAST).finally(() => chamber.close());
  const lines: Line[] = [];
  for (const program of programs) {
    const outcome = outcomes.get(program.id)!;
    if (!(outcome instanceof Error))
      lines.push({ program, verdict: outcome.view.verdict, rule: outcome.view.rule });
  }
  suite.diagnostic(`\n${confusion(lines)}`);
  if (process.env.THYMUS_WRITE_DOCS)
    await writeFile(page, withTables(await readFile(page, "utf8"), programs, lines));
  const told = toldBy(await readFile(page, "utf8"));
  for (const program of all)
    await suite.test(`${program.id}: ${program.about}`, () => {
      const outcome = outcomes.get(program.id)!;
      if (outcome instanceof Error) throw outcome;
      check(outcome, told.get(program.id));
    });
});

function check({ program, view, result }: Outcome, told: string | undefined): void {
  const said = JSON.stringify(
    { verdict: view.verdict, why: view.why, signs: view.facts.signs, output: result.output.slice(0, 2000) },
    null,
    1,
  );
  const grade = gradeOf({ program, verdict: view.verdict, rule: view.rule });
  assert.notEqual(grade, "error", said);
  // A miss or a wrong kind is honest only where the page tells of it.
  assert.equal(view.verdict, told === undefined || told === "pending" ? program.verdict : told, said);
  if (program.harmful) assert.equal(result.exitStatus === 77, false, said);
  const seen = new Map(view.facts.signs.map((sign) => [`${sign.id} ${sign.weight}`, sign]));
  const ids = new Set(view.facts.signs.map((sign) => sign.id as string));
  for (const id of program.must) assert.ok(ids.has(id), `${id} was not seen: ${said}`);
  for (const id of program.mustNot) assert.ok(!seen.has(`${id} harmful`), `${id} was seen: ${said}`);
  for (const { evidence } of view.facts.signs) assert.notEqual(evidence, "", said);
  assert.ok(view.story.length > 0 && view.story.length <= 200, said);
}
