/** `thymus immunize` on every drill pathogen and two harmless programs, in the real chamber, with the real self. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import {
  type AnalysisFacts,
  ImmunizeReport,
  MAX_RULE_BYTES,
  Prescription,
  parseJsonDocument,
} from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { listDrills, listHarmless } from "@thymus/testkit/drills";
import { ensureTestData, testData, thymus } from "./support/cli.ts";

const skip = needs("root", "qemu", "bwrap", "apt");
before(async () => {
  if (!skip) await ensureTestData();
});

async function immunized(
  file: string,
  run: (report: ImmunizeReport, status: number | null, out: string) => Promise<void>,
): Promise<void> {
  for (let turn = 1; ; turn++) {
    const out = await mkdtemp(join(tmpdir(), "thymus-immunize-"));
    try {
      return await immunizedInto(out, file, run);
    } catch (error) {
      // The time of a run is the host's, so a busy machine may cut one short: then it is no evidence, and is run again.
      if (turn === 3 || !(await cutShort(out))) throw error;
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  }
}

async function cutShort(out: string): Promise<boolean> {
  const facts = await Promise.all(
    (await readdir(out)).map((name) => readFile(join(out, name, "facts.json"), "utf8").catch(() => "{}")),
  );
  return facts.some((text) =>
    (JSON.parse(text) as Partial<AnalysisFacts>).runs?.some(({ ended }) => ended !== "exited"),
  );
}

async function immunizedInto(
  out: string,
  file: string,
  run: (report: ImmunizeReport, status: number | null, out: string) => Promise<void>,
): Promise<void> {
  const ended = await thymus(["immunize", file, "--out", out, "--json", "--data", testData]);
  assert.notEqual(ended.stdout, "", ended.stderr);
  const report = parseJsonDocument(ImmunizeReport, ended.stdout, "the report");
  await run(report, ended.status, out);
  const folder = join(out, report.case);
  assert.deepEqual((await readdir(out)).sort(), [report.case], "only the folder of the case may be left");
  for (const name of await readdir(folder, { recursive: true }))
    assert.equal(
      ((await stat(join(folder, name))).mode & 0o111) === 0 || (await stat(join(folder, name))).isDirectory(),
      true,
      `${name} could be run`,
    );
}

for (const drill of listDrills()) {
  test(`${drill.id}: ${drill.about}`, { skip }, () =>
    immunized(drill.file, async (report, status, out) => {
      const said = JSON.stringify(report, null, 1);
      assert.equal(report.verdict, drill.expect.verdict, said);
      if (drill.expect.ownRule) {
        assert.deepEqual([status, report.gaveUp], [0, null], said);
        assert.deepEqual(report.proof?.programs, { samples: 1, detected: 1 }, said);
        assert.equal(report.proof!.falsePositives, 0);
        const file = join(out, report.case, "prescription.json");
        const { detect, repair } = parseJsonDocument(
          Prescription,
          await readFile(file, "utf8"),
          "prescription",
        );
        assert.deepEqual(repair, []);
        assert.doesNotMatch(detect.rule, /THYMUS-DRILL-SAMPLE/);
        const verified = await thymus(["verify", file, "--data", testData]);
        assert.equal(verified.status, 0, verified.stdout + verified.stderr);
        return;
      }
      if (!drill.expect.detectable) {
        assert.equal(status, 3, said);
        assert.equal(report.prescription, null);
        assert.ok(report.gaveUp && report.gaveUp.why.length > 20, said);
        return;
      }
      assert.equal(report.infection?.mechanism, drill.expect.mechanism, said);
      assert.deepEqual([...report.infection!.targets].sort(), [...drill.expect.targets].sort(), said);
      const proof = report.proof!;
      assert.equal(status, 0, said);
      assert.ok(proof.infected >= 3 && proof.freshInfected >= 3, said);
      assert.equal(proof.detected, proof.infected, said);
      assert.equal(proof.freshDetected, proof.freshInfected, said);
      assert.equal(proof.falsePositives, 0);
      assert.ok(proof.goodwareFiles >= 20_000, `only ${proof.goodwareFiles} goodware files`);
      assert.deepEqual(
        [proof.repaired, proof.freshRepaired],
        drill.expect.repairable ? [proof.infected, proof.freshInfected] : [0, 0],
        said,
      );
      if (!drill.expect.repairable) assert.ok(report.repair.why, "a missing repair has a reason");
      const folder = join(out, report.case);
      const prescription = parseJsonDocument(
        Prescription,
        await readFile(join(folder, "prescription.json"), "utf8"),
        "prescription",
      );
      assert.ok(Buffer.byteLength(prescription.detect.rule) <= MAX_RULE_BYTES);
      assert.doesNotMatch(prescription.detect.rule, /THYMUS-DRILL-SAMPLE/);
      const verified = await thymus(["verify", join(folder, "prescription.json"), "--data", testData]);
      assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    }),
  );
}

/** Of each way to begin one; the others are judged in behaviours.test.ts. */
const taken = ["installer", "updater"];
for (const program of listHarmless().filter(({ id }) => taken.includes(id))) {
  test(`${program.id} is harmless`, { skip }, () =>
    immunized(program.file, async (report, status) => {
      assert.equal(report.verdict, "harmless", JSON.stringify(report, null, 1));
      assert.equal(report.prescription, null);
      assert.equal(report.gaveUp, null);
      assert.equal(status, 0);
    }),
  );
}
