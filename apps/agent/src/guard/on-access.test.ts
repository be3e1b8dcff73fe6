import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Config, type Prescription, silentLogger } from "@thymus/contracts";
import { canConfine } from "@thymus/detection";
import { sha256Of } from "../files/regular.ts";
import { Timeline } from "../link/timeline.ts";
import { ActivePrescriptions } from "../scanning/active.ts";
import type { Healer } from "../scanning/healer.ts";
import { openAgentDatabase } from "../state/open.ts";
import { Serial } from "../state/serial.ts";
import { DROPPER, prescriptionFor } from "../testing/infection.ts";
import { until } from "../testing/scene.ts";
import type { Ask, Guard } from "./guard.ts";
import { identityOfStat } from "./identity.ts";
import { OnAccess } from "./on-access.ts";

const skip = canConfine() ? false : "confined workers need Linux on x64 or arm64";
const SLOW =
  "rule slow { condition: filesize > 100KB and for all i in (0..2000000000): (uint8(i % filesize) != 1 or i > 0) }";

for (const whenUnsure of ["allow", "deny"] as const)
  test(`a file that nothing is found out about in time gets the answer ${whenUnsure}, and is not kept`, {
    skip,
  }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "thymus-on-access-"));
    const db = await openAgentDatabase(folder);
    const samples = [sha256Of(Buffer.from("a specimen that is not here"))];
    const infection = prescriptionFor(samples);
    const slow = prescriptionFor(samples, { detect: { engine: "yara-x", rule: SLOW, scope: ["shell"] } });
    const values = (each: Prescription) => ({
      ...{ id: each.id, document: JSON.stringify(each), state: "active" as const, scanned: 1 },
      ...{ why: null, case_id: null, changed: "2026-01-01T00:00:00.000Z" },
    });
    await db
      .insertInto("prescription")
      .values([values(infection), values(slow)])
      .execute();
    const active = new ActivePrescriptions(db, silentLogger);
    await active.load();
    const healed: string[] = [];
    let forgotten = 0;
    const onAccess = new OnAccess({
      ...{
        active,
        db,
        dataDir: folder,
        log: silentLogger,
        rootOf: () => null,
        serial: new Serial(),
        onLayers: () => {},
      },
      config: Config.parse({ agent: { onAccess: { mode: "deny", deadlineMs: 200, whenUnsure } } }),
      guard: { forget: () => forgotten++ } as unknown as Guard,
      healer: { heal: async ({ path }: { path: string }) => healed.push(path) } as unknown as Healer,
      timeline: new Timeline(folder, silentLogger),
    });
    t.after(async () => {
      await onAccess.close();
      active.close();
      await db.destroy();
      await rm(folder, { recursive: true });
    });
    const ask = async (name: string, content: string) => {
      const path = join(folder, name);
      await writeFile(path, content);
      const identity = identityOfStat(await stat(path, { bigint: true }));
      const verdict = await onAccess.decide({ path, open: path, pid: 1, exec: true } as Ask);
      return { path, identity, verdict };
    };
    await until("a worker", () => forgotten > 0);
    const clean = await ask("clean.sh", "#!/bin/sh\necho fine\n");
    assert.deepEqual(clean.verdict, { verdict: "allow", keep: clean.identity });
    const unsure = await ask("large.sh", `#!/bin/sh\n${"# remark\n".repeat(20_000)}`);
    assert.deepEqual(unsure.verdict, { verdict: whenUnsure, keep: null });
    // A new worker may still be on its way.
    await until("a verdict", async () => (await ask("infected.sh", DROPPER)).verdict.keep !== null);
    const bad = await ask("infected.sh", DROPPER);
    assert.deepEqual(bad.verdict, { verdict: "deny", keep: bad.identity });
    await until("it is healed", () => healed.length > 0);
    assert.ok(healed.every((path) => path === bad.path));
  });
