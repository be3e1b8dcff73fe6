/**
 * Holds and restores on a file system of its own that becomes full and read-only, in a mount namespace of its own: argv is a JSON
 * document {dir, mounted}. Prints what happened as JSON.
 */
import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError, silentLogger } from "@thymus/contracts";
import { readRegular } from "../files/regular.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openVault } from "../quarantine/vault.ts";
import { giveBack } from "../repair/give-back.ts";
import { holdFile } from "../repair/hold.ts";
import { recoverOperations } from "../repair/recover.ts";
import { openAgentDatabase } from "../state/open.ts";

const { dir, mounted } = JSON.parse(process.argv[2]!) as { dir: string; mounted: string };
execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted]);
const dataDir = join(dir, "agent");
const db = await openAgentDatabase(dataDir);
const folder = join(dataDir, "quarantine");
const quarantine = new Quarantine({ db, folder, vault: await openVault(dataDir), maxBytes: 1 << 30 });
const context = { db, quarantine, maxBytes: 1 << 24 };
const path = join(mounted, "tool");
const content = "x".repeat(600_000);

const hold = async () => {
  const read = (await readRegular(path, 1 << 24))!;
  const subject = { path, root: null, type: "shell" as const, facts: read.facts, bytes: read.bytes };
  return holdFile(context, { why: "a test", prescription: null, case: null, also: async () => {}, subject });
};
const back = (id: string) => giveBack(context, id, { byOwner: false, root: null, why: "a test" });
const refusal = async (work: () => Promise<unknown>) => {
  try {
    await work();
    return "done";
  } catch (thrown) {
    const error = asThymusError(thrown);
    return `${error.code}: ${error.message}`;
  }
};
const states = async () => (await quarantine.list()).map(({ state }) => state);

await writeFile(path, content);
const id = await hold();
await writeFile(join(mounted, "filler"), Buffer.alloc(700_000));
const full = await refusal(() => back(id));
const afterFull = [await readdir(mounted), await states()];
await rm(join(mounted, "filler"));
execFileSync("mount", ["-o", "remount,ro", mounted]);
const readOnly = await refusal(() => back(id));
await recoverOperations(context, silentLogger);
const afterReadOnly = [await readdir(mounted), await states()];
execFileSync("mount", ["-o", "remount,rw", mounted]);
const again = await refusal(() => back(id));
const restored = (await readFile(path, "utf8")) === content;
execFileSync("mount", ["-o", "remount,ro", mounted]);
const holding = await refusal(hold);
const afterHolding = [await readdir(mounted), await states(), await readdir(folder)];
await db.destroy();
process.stdout.write(
  JSON.stringify({ full, afterFull, readOnly, afterReadOnly, again, restored, holding, afterHolding }),
);
