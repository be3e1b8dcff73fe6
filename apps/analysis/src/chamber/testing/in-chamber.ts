/** Runs programs of tests in the real chamber; builds it where it is missing. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileType } from "@thymus/contracts";
import type { Chamber, ChamberResult, ChamberRun } from "../chamber.ts";
import { emptyWorld, openChamber, plainConditions } from "../index.ts";
import { chamberDir, sharedChamber } from "./shared.ts";

export interface TestChamber {
  /** Folder of this test's files. */
  readonly temp: string;
  run(text: string, type: FileType, options?: Partial<ChamberRun>): Promise<ChamberResult>;
  close(): Promise<void>;
}

export async function testChamber(): Promise<TestChamber> {
  const temp = await mkdtemp(join(tmpdir(), "thymus-trace-"));
  await sharedChamber();
  const chamber: Chamber = await openChamber({ dataDir: chamberDir });
  let runs = 0;
  return {
    temp,
    async run(text, type, options = {}) {
      const folder = join(temp, String(runs++));
      await mkdir(join(folder, "out"), { recursive: true });
      await writeFile(join(folder, "sample"), text);
      const result = await chamber.run({
        sample: { path: join(folder, "sample"), name: "probe", type },
        decoys: { seed: "", folder, decoys: [] },
        world: emptyWorld,
        conditions: plainConditions,
        plan: null,
        drillPrograms: null,
        budgetSeconds: 90,
        outputDir: join(folder, "out"),
        ...options,
      });
      await rm(folder, { recursive: true, force: true });
      return result;
    },
    async close() {
      await chamber.close();
      await rm(temp, { recursive: true, force: true });
    },
  };
}

/** Numbers of the QEMU processes that this process, or one that it started, has started. */
export async function ownMachines(): Promise<string[]> {
  const parents = new Map<string, string>();
  const machines: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const found = /^\d+ \((.*)\) \S (\d+)/s.exec(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
    if (!found) continue;
    parents.set(pid, found[2]!);
    if (found[1]!.startsWith("qemu-system")) machines.push(pid);
  }
  const isOwn = (pid: string | undefined): boolean =>
    pid !== undefined && (pid === String(process.pid) || isOwn(parents.get(pid)));
  return machines.filter(isOwn);
}
