/**
 * Seconds that each drill pathogen takes from its bytes to a proved prescription, chamber restored.
 * `npm run bench -- immunize [--runs N] [NAME...]`; needs a chamber and self, which it makes in the test data folder.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { immunize } from "@thymus/analysis";
import type { ImmunizeReport } from "@thymus/contracts";
import { drillProgramsFolder, listDrills, listHarmless } from "@thymus/testkit/drills";
import { median } from "./shared/numbers.ts";
import { ensureTestData } from "./shared/test-data.ts";

const { values, positionals } = parseArgs({
  options: { runs: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const runs = Number(values.runs);
const { chamberDir, corpusDir } = ensureTestData();

const programs = [...listDrills(), ...listHarmless()].filter(
  ({ id }) => positionals.length === 0 || positionals.includes(id),
);

const out = await mkdtemp(join(tmpdir(), "thymus-bench-"));
const rows: { id: string; reports: ImmunizeReport[] }[] = [];
try {
  for (const { id, file } of programs) {
    const reports: ImmunizeReport[] = [];
    for (let run = 0; run < runs; run++) {
      const { report, folder } = await immunize({
        sample: file,
        out,
        chamberDir,
        corpusDir,
        drillPrograms: drillProgramsFolder,
        budgetSeconds: 240,
        parallel: Math.min(2, cpus().length),
      });
      reports.push(report);
      await rm(folder, { recursive: true });
    }
    rows.push({ id, reports });
    process.stderr.write(`${id}: ${median(reports.map((report) => report.seconds.total)).toFixed(1)} s\n`);
  }
} finally {
  await rm(out, { recursive: true, force: true });
}

type Stage = keyof ImmunizeReport["seconds"];
const stage = (reports: ImmunizeReport[], name: Stage) => median(reports.map(({ seconds }) => seconds[name]));
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  process.stdout.write(`\nMedian seconds of ${runs} runs, ${Math.min(2, cpus().length)} processors\n`);
  process.stdout.write(
    `${"program".padEnd(16)}${"verdict".padEnd(12)}   total chamber signature  proof  goodware files\n`,
  );
  for (const { id, reports } of rows) {
    const cells = (["total", "chamber", "signature", "proof"] as const).map((name) =>
      stage(reports, name).toFixed(1),
    );
    process.stdout.write(
      `${id.padEnd(16)}${reports[0]!.verdict.padEnd(12)} ${cells[0]!.padStart(7)} ${cells[1]!.padStart(7)} ${cells[2]!.padStart(9)} ${cells[3]!.padStart(6)}  ${reports[0]!.proof?.goodwareFiles ?? "-"}\n`,
    );
  }
  const drills = rows.filter(({ id }) => listDrills().some((drill) => drill.id === id));
  const proved = drills.filter(({ reports }) => reports[0]!.proof);
  process.stdout.write(
    `\nDrill pathogens: median ${median(drills.map(({ reports }) => stage(reports, "total"))).toFixed(1)} s in all; signature and proof of those with a prescription: median ${median(proved.map(({ reports }) => stage(reports, "signature") + stage(reports, "proof"))).toFixed(1)} s, longest ${Math.max(...proved.map(({ reports }) => stage(reports, "signature") + stage(reports, "proof"))).toFixed(1)} s\n`,
  );
}
