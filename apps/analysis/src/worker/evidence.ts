/** Keeps what the proof rests on: every touched decoy of every run, before and after, and the sample itself. */
import { mkdir } from "node:fs/promises";
import type { SampleFacts } from "@thymus/contracts";
import type { PackageEvidence } from "../packages/index.ts";
import { storeEvidence, writeManifest } from "../proof/evidence.ts";
import type { Seen } from "./gather.ts";
import type { EvidenceEntry } from "./protocol.ts";

/** Writes the evidence folder; the manifest comes last. */
export async function keepEvidence(
  folder: string,
  sample: SampleFacts,
  bytes: Buffer,
  runs: readonly { readonly as: EvidenceEntry["run"]; readonly touched: Seen["touched"] }[],
  packages: readonly PackageEvidence[],
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
  await storeEvidence(folder, bytes);
  await writeManifest(folder, { version: 1, sample, entries });
}
