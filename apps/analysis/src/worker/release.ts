/** A drill's release: the pathogen meets the drill's files in a chamber, and what became of them is handed back. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createDecoys, emptyWorld, openChamber, plainConditions } from "../chamber/index.ts";
import type { ReleaseJob, ReleaseResult } from "./protocol.ts";

export async function release(job: ReleaseJob, progress: (what: string) => void): Promise<ReleaseResult> {
  const folder = join(job.out, "decoys");
  const outputDir = join(job.out, "after");
  for (const made of [folder, outputDir]) if (!existsSync(made)) await mkdir(made);
  const chamber = await openChamber({ dataDir: job.chamberDir });
  try {
    const decoys = await createDecoys({ chamberDir: job.chamberDir, seed: job.seed, folder });
    progress("letting the drill pathogen loose in a chamber");
    const result = await chamber.run({
      sample: { path: job.sample, name: job.name, type: "other" },
      decoys,
      world: emptyWorld,
      conditions: plainConditions,
      plan: null,
      drillPrograms: job.drillPrograms,
      budgetSeconds: job.budgetSeconds,
      outputDir,
    });
    return {
      kind: "released",
      files: result.decoys
        .filter((outcome) => outcome.state === "changed" && outcome.after)
        .map((outcome) => ({
          decoy: outcome.decoy,
          before: join(folder, outcome.decoy.sha256),
          after: outcome.after!,
        })),
      seconds: result.seconds,
    };
  } finally {
    await chamber.close();
  }
}
