/** Runs the sample in chambers: once to learn from, once with other decoys for the proof. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DRILL_MARK, type FileType, type SampleFacts } from "@thymus/contracts";
import type { Chamber, ChamberResult } from "../chamber/chamber.ts";
import { createDecoys, emptyWorld, plainConditions } from "../chamber/index.ts";
import type { AnalyseJob } from "./protocol.ts";

/** Longest time in seconds that one chamber run may take, restore included. */
export const CHAMBER_SECONDS = 40;

export interface ObservedRun {
  readonly name: "train" | "fresh";
  readonly folder: string;
  readonly result: ChamberResult;
}

/** Types that a chamber can start. */
export const runnable: ReadonlySet<FileType> = new Set([
  "elf64",
  "elf32",
  "shell",
  "python",
  "node",
  "perl",
  "php",
]);

async function once(
  job: AnalyseJob,
  chamber: Chamber,
  sample: SampleFacts,
  bytes: Buffer,
  name: ObservedRun["name"],
  signal: AbortSignal,
): Promise<ObservedRun> {
  const folder = join(job.out, `decoys-${name}`);
  const outputDir = join(job.out, `after-${name}`);
  for (const made of [folder, outputDir]) await mkdir(made);
  const decoys = await createDecoys({ chamberDir: job.chamberDir, seed: `${job.seed}-${name}`, folder });
  const result = await chamber.run({
    sample: { path: job.sample, name: job.name, type: sample.type },
    decoys,
    world: emptyWorld,
    conditions: plainConditions,
    plan: null,
    // Only what says that it is a drill finds the drill folder: a chamber shows nothing that gives it away.
    drillPrograms: bytes.includes(DRILL_MARK) ? job.drillPrograms : null,
    budgetSeconds: Math.min(CHAMBER_SECONDS, Math.max(5, job.budgetSeconds / 2)),
    outputDir,
    signal,
  });
  return { name, folder, result };
}

const touched = (run: ObservedRun) => run.result.decoys.some((outcome) => outcome.state !== "unchanged");

/**
 * Where there are two processors both runs go side by side, and the second is ended when the first shows that no
 * decoy was touched.
 */
export async function observe(
  job: AnalyseJob,
  chamber: Chamber,
  sample: SampleFacts,
  bytes: Buffer,
): Promise<{ train: ObservedRun; fresh: ObservedRun | null; seconds: number }> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const stop = new AbortController();
  if (job.parallel < 2) {
    const train = await once(job, chamber, sample, bytes, "train", stop.signal);
    const fresh = touched(train) ? await once(job, chamber, sample, bytes, "fresh", stop.signal) : null;
    return { train, fresh, seconds: seconds() };
  }
  const second = once(job, chamber, sample, bytes, "fresh", stop.signal).then(
    (run) => ({ run, failed: null }),
    (failed: unknown) => ({ run: null, failed }),
  );
  try {
    const train = await once(job, chamber, sample, bytes, "train", stop.signal);
    if (!touched(train)) return { train, fresh: null, seconds: seconds() };
    const ended = await second;
    if (ended.failed) throw ended.failed;
    return { train, fresh: ended.run, seconds: seconds() };
  } finally {
    stop.abort();
    await second;
  }
}

/** Bytes of what a run changed, read back from the output folder. */
export async function changedDecoys(run: ObservedRun) {
  const changed = [];
  for (const { decoy, state, after } of run.result.decoys) {
    if (state === "unchanged") continue;
    changed.push({
      decoy,
      state,
      before: await readFile(join(run.folder, decoy.sha256)),
      after: after ? await readFile(after) : null,
    });
  }
  return changed;
}
