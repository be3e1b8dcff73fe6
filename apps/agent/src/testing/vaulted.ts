import { spawnSync } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readRegular } from "../files/regular.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openVault } from "../quarantine/vault.ts";
import { holdFile } from "../repair/hold.ts";
import type { OperationContext } from "../repair/operation.ts";
import { openAgentDatabase } from "../state/open.ts";

/** A folder with a database and a quarantine of their own: what changes of files need, without an agent. */
export async function makeContext(t: TestContext, maxBytes = 1 << 30) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-vaulted-")));
  const dataDir = join(dir, "agent");
  const db = await openAgentDatabase(dataDir);
  const folder = join(dataDir, "quarantine");
  const quarantine = new Quarantine({ db, folder, vault: await openVault(dataDir), maxBytes });
  t.after(async () => {
    await db.destroy();
    // Of what can have no attributes (a symbolic link) it complains; what stays locked is told by rm.
    spawnSync("chattr", ["-R", "-f", "-ia", dir], { stdio: "ignore" });
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, dataDir, folder, context: { db, quarantine, maxBytes: 64 << 20 } };
}

export async function subjectAt(path: string) {
  const content = (await readRegular(path, 64 << 20))!;
  return { path, root: null, type: "shell" as const, facts: content.facts, bytes: content.bytes };
}

export const cause = { why: "a test", prescription: null, case: null, also: async () => {} };
export const giving = { byOwner: false, root: null, why: "a test" };

export const hold = async (context: OperationContext, path: string) =>
  holdFile(context, { ...cause, subject: await subjectAt(path) });
