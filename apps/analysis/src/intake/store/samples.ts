/** Bytes of what waits: plain files named by their SHA-256, readable by the owner only, never executable. */
import { existsSync } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@thymus/contracts";
import { syncFolder } from "@thymus/store";

/** Moves a file to its name, so that it survives a power cut. */
export async function keepSample(path: string, folder: string, sha256: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync().finally(() => file.close());
  await rename(path, join(folder, sha256));
  await syncFolder(folder);
}

/** Removes samples that no submission needs: what a kill left. */
export async function sweepSamples(folder: string, needed: ReadonlySet<string>, log: Logger): Promise<void> {
  for (const name of await readdir(folder))
    if (!needed.has(name)) await rm(join(folder, name), { force: true });
  for (const sha256 of needed)
    if (!existsSync(join(folder, sha256))) log.warn(`the sample ${sha256} is gone from the intake`);
}
