/** Runs the sample in chambers: to learn, with other decoys for the proof, and otherwise where it showed nothing. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DRILL_MARK, type FileType } from "@thymus/contracts";
import type { Chamber, ChamberResult, Conditions, DecoySet, StartPlan, World } from "../chamber/chamber.ts";
import { createDecoys, plainConditions } from "../chamber/index.ts";
import { packageHolds } from "../packages/index.ts";
import { createWorld } from "../world/index.ts";
import type { AnalyseJob } from "./protocol.ts";

/** Longest time in seconds that one chamber run may take, restore included. */
export const CHAMBER_SECONDS = 40;
/** The same where only other conditions are tried on a sample that showed nothing, and the least that is worth it. */
const VARIED_SECONDS = 20;
const LEAST_VARIED_SECONDS = 8;
/** Kept back for understanding what was seen. */
const REST_SECONDS = 15;

/**
 * Seconds that each of `count` further runs may take.
 * @param left seconds of the whole budget that are left
 * @returns null where that is too little to be worth trying
 */
export function variedSeconds(left: number, count: number, parallel: number): number | null {
  const each = (left - REST_SECONDS) / Math.max(1, Math.ceil(count / parallel));
  return count === 0 || each < LEAST_VARIED_SECONDS ? null : Math.min(VARIED_SECONDS, each);
}

export type RunName = "train" | "fresh" | "second" | `varied-${number}` | `second-${number}`;

export interface ObservedRun {
  readonly name: RunName;
  /** In words, for the report. */
  readonly label: string;
  readonly decoys: DecoySet;
  readonly world: World;
  readonly conditions: Conditions;
  readonly result: ChamberResult;
}

/** What is run, and as what. */
export interface Subject {
  readonly path: string;
  readonly name: string;
  readonly type: FileType;
  readonly plan: StartPlan | null;
  /** Only what says that it is a drill finds the drill folder: a chamber shows nothing that gives it away. */
  readonly drill: boolean;
}

/** Whether a sample, or a member of it where it is a package, says that it is a drill. */
export const isDrill = (bytes: Buffer, type: FileType): boolean =>
  bytes.includes(DRILL_MARK) || (type === "npm" && packageHolds(bytes, DRILL_MARK));

export interface RunOrder {
  readonly name: RunName;
  readonly label: string;
  readonly conditions: Conditions;
  readonly seconds: number;
}

/** One run with a world and decoys of its own; its folders lie in `job.out`. */
export async function runOnce(
  job: AnalyseJob,
  chamber: Chamber,
  subject: Subject,
  order: RunOrder,
  signal: AbortSignal,
): Promise<ObservedRun> {
  const folder = join(job.out, `decoys-${order.name}`);
  const outputDir = join(job.out, `after-${order.name}`);
  for (const made of [folder, outputDir]) await mkdir(made);
  const seed = `${job.seed}-${order.name}`;
  const [decoys, world] = await Promise.all([
    createDecoys({ chamberDir: job.chamberDir, seed, folder }),
    createWorld(seed),
  ]);
  const result = await chamber.run({
    sample: { path: subject.path, name: subject.name, type: subject.type },
    decoys,
    world,
    conditions: order.conditions,
    plan: subject.plan,
    drillPrograms: subject.drill ? job.drillPrograms : null,
    budgetSeconds: Math.min(order.seconds, Math.max(5, job.budgetSeconds / 2)),
    outputDir,
    signal,
  });
  return { ...order, decoys, world, result };
}

/** The folders that runs of these names leave in `job.out`. */
export const runFolders = (names: readonly RunName[]): string[] =>
  names.flatMap((name) => [`decoys-${name}`, `after-${name}`]);

/** Something of others was changed, or sent out as a package: there is something to find and to undo. */
export const changedOthers = ({ result }: ObservedRun): boolean =>
  result.decoys.some((outcome) => outcome.state !== "unchanged") ||
  result.published.some((each) => each.accepted);

const order = (name: RunName, label: string, conditions: Conditions): RunOrder => ({
  ...{ name, label, conditions },
  seconds: CHAMBER_SECONDS,
});

/**
 * Where there are two processors both runs go side by side, and the second is ended when the first shows that nothing
 * of others was changed.
 */
export async function observe(
  job: AnalyseJob,
  chamber: Chamber,
  subject: Subject,
  conditions: Conditions = plainConditions,
): Promise<{ train: ObservedRun; fresh: ObservedRun | null }> {
  const stop = new AbortController();
  const run = (name: RunName, label: string) =>
    runOnce(job, chamber, subject, order(name, label, conditions), stop.signal);
  if (job.parallel < 2) {
    const train = await run("train", conditions.label);
    return { train, fresh: changedOthers(train) ? await run("fresh", "fresh decoys") : null };
  }
  const second = run("fresh", "fresh decoys").then(
    (done) => ({ done, failed: null }),
    (failed: unknown) => ({ done: null, failed }),
  );
  try {
    const train = await run("train", conditions.label);
    if (!changedOthers(train)) return { train, fresh: null };
    const ended = await second;
    if (ended.failed) throw ended.failed;
    return { train, fresh: ended.done };
  } finally {
    stop.abort();
    await second;
  }
}

/**
 * Tries other conditions on a sample that showed nothing, as many side by side as may be.
 * @param enough whether what a run shows makes the conditions that are left needless
 */
export async function vary(
  job: AnalyseJob,
  chamber: Chamber,
  subject: Subject,
  conditions: readonly Conditions[],
  seconds: number,
  enough: (run: ObservedRun) => Promise<boolean>,
): Promise<ObservedRun[]> {
  const stop = new AbortController();
  const runs: ObservedRun[] = [];
  for (let at = 0; at < conditions.length; at += job.parallel) {
    const batch = conditions.slice(at, at + job.parallel).map((each, index) =>
      runOnce(
        job,
        chamber,
        subject,
        {
          ...{ name: `varied-${at + index}` as const, label: each.label, conditions: each },
          seconds,
        },
        stop.signal,
      ),
    );
    const done = await Promise.all(batch).catch(async (thrown: unknown) => {
      stop.abort();
      await Promise.allSettled(batch);
      throw thrown;
    });
    runs.push(...done);
    const told = await Promise.all(done.map(enough));
    if (told.some(Boolean)) break;
  }
  return runs;
}
