/**
 * The second generation: decoys that the sample infected are run among fresh decoys. What they change shows that the
 * infection replicates, and gives specimens whose hosts were chosen by the infection itself.
 */
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FileType } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { Chamber } from "../chamber/chamber.ts";
import { plainConditions } from "../chamber/index.ts";
import { gather, type Seen } from "./gather.ts";
import { isDrill, type RunName, runOnce } from "./observe.ts";
import type { AnalyseJob } from "./protocol.ts";

/** Types whose files a chamber starts by themselves. */
const programs: ReadonlySet<FileType> = new Set(["elf64", "elf32", "shell", "python", "node", "perl", "php"]);
/** Longest time in seconds of one run. */
const SECONDS = 20;
const MOST_RUNS = 2;

/** Infected programs to be run: of as many types as there are, the smallest of each first. */
function parents(train: Seen): { path: string; after: Uint8Array }[] {
  const byType = new Map<FileType, { path: string; after: Uint8Array }[]>();
  for (const { path, after, type } of train.specimens) {
    const mode = train.run.result.decoys.find(({ decoy }) => decoy.path === path)?.decoy.mode ?? 0;
    if (!programs.has(type) || !programs.has(identifyFile(after, path)) || (mode & 0o111) === 0) continue;
    byType.set(type, [...(byType.get(type) ?? []), { path, after }]);
  }
  for (const each of byType.values()) each.sort((a, b) => a.after.length - b.after.length);
  return [...byType.values()].map(([first]) => first!).slice(0, MOST_RUNS);
}

/** What infected decoys did among fresh ones; empty where none of them is a program that can be started. */
export async function secondGeneration(
  job: AnalyseJob,
  chamber: Chamber,
  sample: Buffer,
  train: Seen,
): Promise<Seen[]> {
  const stop = new AbortController();
  const tries = parents(train).map(async ({ path, after }, index) => {
    const name: RunName = `second-${index}`;
    const file = join(job.out, `parent-${index}`);
    await writeFile(file, after, { mode: 0o400 });
    const type = identifyFile(after, path);
    const run = await runOnce(
      job,
      chamber,
      { path: file, name: basename(path), type, plan: null, drill: isDrill(sample, "other") },
      { name, label: `second generation: ${path}`, conditions: plainConditions, seconds: SECONDS },
      stop.signal,
    );
    return gather(run, { name: basename(path), type, bytes: after });
  });
  return Promise.all(tries).catch(async (thrown: unknown) => {
    stop.abort();
    await Promise.allSettled(tries);
    throw thrown;
  });
}
