/**
 * Power cuts at every stage of a case: every crash point in the source kills its process once, in one run of the loop,
 * which must come to the same end as without.
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type CaseSummary, DrillReport, parseJsonDocument } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { ensureTestData, thymus } from "./support/cli.ts";
import { walked } from "./support/crash-points.ts";
import { eventually, Installation } from "./support/installation.ts";

test("killed once at every crash point, the loop ends the same", {
  skip: needs("root", "qemu", "bwrap", "apt"),
  // Only ends what would never end: a busy machine analyses slowly, and here more than once.
  timeout: 1_200_000,
}, async () => {
  await ensureTestData();
  const points = await walked();
  assert.ok(points.length >= 12, `only ${points.length} crash points were found`);
  const used = await mkdtemp(join(tmpdir(), "thymus-crash-"));
  const installation = await Installation.start(2, {
    THYMUS_FAILPOINT: points.join(","),
    THYMUS_FAILPOINT_ONCE: used,
  });
  try {
    const drill = await thymus(
      [
        "drill",
        "infection",
        "prepend-sh",
        "--json",
        "--timeout",
        "900",
        "--data",
        installation.dataDir(0),
        "--others",
        installation.dataDir(1),
      ],
      {},
      1000,
    );
    assert.equal(drill.status, 0, `${drill.stdout}\n${drill.stderr}\n${installation.logs()}`);
    const report = parseJsonDocument(DrillReport, drill.stdout, "the drill's report");
    assert.equal(report.passed, true);
    const { cases } = await installation.api<{ cases: CaseSummary[] }>("/api/v1/cases");
    assert.deepEqual(
      cases.map((item) => [item.stage, item.outcome]),
      [["closed", "healed"]],
    );
    // The patient hears of the end only after the drill has seen it.
    await eventually("every crash point was reached", 180, async () => {
      const reached = await readdir(used);
      return points.every((point) => reached.includes(point));
    });
  } finally {
    await installation.close();
    await rm(used, { recursive: true, force: true });
  }
});
