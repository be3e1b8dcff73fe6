/**
 * What a confined worker leaves in its folder is as hostile as the sample: it may have been taken over. Before anything
 * with rights of its own writes there, only what is expected stays, as plain files that nobody can run.
 */
import { chmod, lstat, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST } from "../proof/evidence.ts";

const EVIDENCE_FILE = /^[0-9a-f]{64}\.evidence$/;

/** Removes everything but the trace and the evidence: links, devices, files that would pass for results of ours. */
export async function sweepOutput(folder: string, sample: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await lstat(path);
    if (path === sample) continue;
    if (name === "trace.ndjson" && facts.isFile()) await chmod(path, 0o600);
    else if (name === "evidence" && facts.isDirectory()) await sweepEvidence(path);
    else await rm(path, { recursive: true, force: true });
  }
}

async function sweepEvidence(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const expected = (EVIDENCE_FILE.test(name) || name === MANIFEST) && (await lstat(path)).isFile();
    if (expected) await chmod(path, 0o400);
    else await rm(path, { recursive: true, force: true });
  }
}

/** Writes a result beside what a worker left: never through a link, never over something. */
export async function writeResult(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx", mode: 0o600 });
}
