/** The whole loop on a real installation: one server, three agents, a drill. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type CaseSummary, DrillReport, parseJsonDocument } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { ensureTestData, thymus } from "./support/cli.ts";
import { Installation } from "./support/installation.ts";

for (const pathogen of ["prepend-sh", "append-elf"]) {
  test(`three agents: ${pathogen} is healed on the patient and refused on the others`, {
    skip: needs("root", "qemu", "bwrap", "apt"),
  }, async () => {
    await ensureTestData();
    const installation = await Installation.start(3);
    try {
      const drill = await thymus(
        [
          "drill",
          "infection",
          pathogen,
          "--json",
          "--timeout",
          "540",
          "--data",
          installation.dataDir(0),
          "--others",
          installation.dataDir(1),
          installation.dataDir(2),
        ],
        {},
        560,
      );
      assert.equal(drill.status, 0, `${drill.stdout}\n${drill.stderr}\n${installation.logs()}`);
      const report = parseJsonDocument(DrillReport, drill.stdout, "the drill's report");
      assert.equal(report.passed, true);
      assert.equal(report.patientIdentical, true);
      assert.ok(report.protectedAfter !== null && report.protectedAfter > 0);
      process.stderr.write(
        `${pathogen}: last agent protected ${report.protectedAfter.toFixed(1)} s after the first write\n`,
      );
      const { cases } = await installation.api<{ cases: CaseSummary[] }>("/api/v1/cases");
      assert.deepEqual(
        cases.map((item) => [item.stage, item.outcome, item.verdict]),
        [["closed", "healed", "infector"]],
      );
      for (const index of [0, 1, 2])
        assert.equal(
          existsSync(join(installation.dataDir(index), "agent", "drill", report.id)),
          false,
          "the drill left its folder behind",
        );
      assert.deepEqual(
        (await readdir(join(installation.dataDir(0), "analysis", "work"))).filter(
          (name) => !name.startsWith("."),
        ),
        [],
      );
    } finally {
      await installation.close();
    }
  });
}
