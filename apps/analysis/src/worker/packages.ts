/** Cures a worm of packages: what two runs published is paired with what their registries had before. */
import {
  analysePackages,
  type PackageEvidence,
  type PublishedRun,
  readPublished,
} from "../packages/index.ts";
import { selfOf } from "./corpus.ts";
import { type Cure, noCure } from "./cure.ts";
import type { Seen } from "./gather.ts";
import type { AnalyseJob } from "./protocol.ts";

/** The cure, and the tarballs that its proof rests on. */
export interface PackagesCure {
  readonly cure: Cure;
  readonly evidence: readonly PackageEvidence[];
}

/** Null where nothing of others was published anew: then there is nothing to pair. */
export async function curePackages(
  job: AnalyseJob,
  sample: { readonly bytes: Uint8Array; readonly type: string },
  train: Seen,
  fresh: Seen | null,
): Promise<PackagesCure | null> {
  const started = performance.now();
  const found = await analysePackages(
    await publishedRun("train", train),
    fresh && (await publishedRun("fresh", fresh)),
    {
      corpus: await selfOf(job.corpusDir),
      sample: { bytes: sample.bytes, type: sample.type === "npm" ? "npm" : "other" },
    },
  );
  if (!found) return null;
  const { evidence, infection } = found;
  const seconds = (performance.now() - started) / 1000;
  if ("gaveUp" in found)
    return { cure: { ...noCure(""), infection, gaveUp: found.gaveUp, seconds }, evidence };
  const { family, detect, repair, repairWhy } = found;
  return {
    cure: { family, detect, program: false, repair, repairWhy, infection, gaveUp: null, seconds },
    evidence,
  };
}

async function publishedRun(name: PublishedRun["name"], { run }: Seen): Promise<PublishedRun> {
  const { world, result } = run;
  const accounts = Object.entries(world.tokens).flatMap(([token, { account }]) => [token, account]);
  return {
    name,
    published: await readPublished(result.published),
    packages: world.packages,
    secrets: [...world.honey.flatMap(({ needles }) => needles), ...accounts],
  };
}
