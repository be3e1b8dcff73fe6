/** Keeps what the proof rests on: every touched decoy of every run, before and after, and the sample itself. */
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Decoy, SampleFacts } from "@thymus/contracts";
import type { PackageEvidence } from "../packages/index.ts";
import { storeEvidence, writeManifest } from "../proof/evidence.ts";
import type { Seen } from "./gather.ts";
import type { ObservedRun } from "./observe.ts";
import type { EvidenceEntry } from "./protocol.ts";

/** Clean decoys that are kept for the proof of a rule of programs, and the size in bytes up to which one is. */
const MOST_CLEAN = 64;
const MAX_CLEAN = 1 << 20;

export interface CleanDecoy extends Pick<Decoy, "path" | "kind" | "type"> {
  readonly before: Uint8Array;
}

/** Decoys that the sample left alone, as far as the bounds allow. */
export async function cleanDecoys({ decoys, result }: ObservedRun): Promise<CleanDecoy[]> {
  const found: CleanDecoy[] = [];
  for (const { decoy, state } of result.decoys) {
    if (state !== "unchanged" || found.length >= MOST_CLEAN) continue;
    const file = join(decoys.folder, decoy.sha256);
    if ((await stat(file)).size > MAX_CLEAN) continue;
    const { path, kind, type } = decoy;
    found.push({ path, kind, type, before: await readFile(file) });
  }
  return found;
}

/** Writes the evidence folder; the manifest comes last. */
export async function keepEvidence(
  folder: string,
  sample: SampleFacts,
  bytes: Buffer,
  runs: readonly { readonly as: EvidenceEntry["run"]; readonly touched: Seen["touched"] }[],
  packages: readonly PackageEvidence[],
  clean: readonly CleanDecoy[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries: EvidenceEntry[] = [];
  for (const { as, touched } of runs)
    for (const { path, kind, type, before, after } of touched)
      entries.push({
        run: as,
        ...{ path, kind, type },
        state: after ? "changed" : "missing",
        before: await storeEvidence(folder, before),
        after: after ? await storeEvidence(folder, after) : null,
      });
  for (const { before, after, ...entry } of packages)
    entries.push({
      ...entry,
      before: await storeEvidence(folder, before),
      after: after ? await storeEvidence(folder, after) : null,
    });
  for (const { path, kind, type, before } of clean)
    entries.push({
      ...{ run: "train", path, kind, type, state: "unchanged" },
      before: await storeEvidence(folder, before),
      after: null,
    });
  await storeEvidence(folder, bytes);
  await writeManifest(folder, { version: 1, sample, entries });
}
