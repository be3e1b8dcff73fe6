/** A day's rate of submissions, held: real intake, real triage, real chambers. See docs/adr/0012-what-arrives.md. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  analysisWorkers,
  corpusFolders,
  immunize,
  openCorpus,
  openIntake,
  WorkerPool,
} from "@thymus/analysis";
import { type CaseId, newId } from "@thymus/contracts";
import { drillProgramsFolder, listDrills } from "@thymus/testkit/drills";
import { effortFor } from "../../apps/analysis/src/intake/effort.ts";
import { chance, median, quantile } from "../shared/numbers.ts";
import { newProgram } from "./programs.ts";

/** Shares of what arrives, with their reasons in docs/adr/0012-what-arrives.md. */
export const mix = { known: 0.28, clean: 0.1, family: 0.47, new: 0.15 } as const;
type Kind = keyof typeof mix;
/** Share of what is new that is nearly the same as something else that is new. */
const NEAR_OF_NEW = 0.15;
/** Drill pathogens whose infected hosts arrive as families. */
const families = ["prepend-sh", "insert-sh", "append-sh"];
/** Submissions without an answer that the intake may hold. */
const CAPACITY = 200;

export interface RateOptions {
  readonly chamberDir: string;
  readonly corpusDir: string;
  readonly temp: string;
  readonly minutes: number;
  readonly perDay: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface RateFigures {
  readonly minutes: number;
  readonly submitted: number;
  readonly answered: number;
  readonly lost: number;
  readonly twice: number;
  /** Refusals with a time to come back; each was handed in again. */
  readonly refused: number;
  readonly mostWaiting: number;
  readonly capacity: number;
  /** Seconds after the last arrival until everything was answered. */
  readonly drained: number;
  readonly byKind: Record<
    string,
    { count: number; answeredBy: Record<string, number>; p50: number; p95: number }
  >;
  readonly chambersUsed: number;
  /** Share of all processors that was busy while submissions arrived. */
  readonly processors: number;
  readonly processorCount: number;
  readonly verdicts: Record<string, number>;
}

interface Sent {
  readonly kind: Kind;
  readonly at: number;
  answered: number;
  by: string;
  verdict: string;
  seconds: number;
}

export async function holdRate(options: RateOptions): Promise<RateFigures> {
  const { chamberDir, corpusDir, temp, say } = options;
  const random = chance(options.seed);
  const cases = join(temp, "cases");
  await mkdir(cases);
  const log = { info() {}, warn: say, error: say };
  const workers = analysisWorkers();
  const pool = new WorkerPool({
    ...{ parent: cases, chamberDir, readable: [...(await corpusFolders(corpusDir)), drillProgramsFolder] },
    ...{ workers, machines: 1, log },
  });
  const sent = new Map<CaseId, Sent>();
  let twice = 0;
  let analyses = 0;
  /** Infected files that analyses of families left behind: what arrives of a family. */
  const infected: Buffer[] = [];
  const intake = await openIntake({
    ...{ dataDir: join(temp, "intake"), corpusDir, version: "bench", capacity: CAPACITY, workers, log },
    async analyse(turn) {
      analyses++;
      const { report, prescription, folder } = await immunize({
        ...{ sample: turn.file, name: turn.name, out: cases, caseId: turn.id, chamberDir, corpusDir },
        ...{ drillPrograms: drillProgramsFolder, budgetSeconds: 240, signal: turn.signal, pool },
        ...effortFor(turn.busy, availableParallelism(), 2),
      });
      if (prescription) infected.push(...(await infectedScripts(folder)));
      await rm(folder, { recursive: true });
      return { report, prescription };
    },
    async onAnswer(id) {
      const one = sent.get(id);
      if (!one) return;
      one.answered++;
      if (one.answered > 1) twice++;
      one.seconds = (performance.now() - one.at) / 1000;
      const answer = await intake.answerOf(id);
      if (answer?.state !== "answered") return;
      one.by = answer.by;
      one.verdict = answer.report.verdict;
    },
  });
  let files = 0;
  let refused = 0;
  const submit = async (kind: Kind, name: string, content: Uint8Array | string): Promise<CaseId> => {
    const id = newId("case");
    const file = join(temp, `in-${files++}`);
    await writeFile(file, content);
    sent.set(id, { kind, at: performance.now(), answered: 0, by: "", verdict: "", seconds: Number.NaN });
    for (;;) {
      const answer = await intake.submit(file, { id, name, urgency: kind === "new" ? "fresh" : "bulk" });
      if (answer.state !== "refused") break;
      refused++;
      // As its giver would, but not to the second with all others.
      await sleep(answer.retryAfterSeconds * (500 + 500 * random()));
    }
    await rm(file);
    return id;
  };
  const settled = async () => {
    while ([...sent.values()].some((one) => one.answered === 0 || one.by === "")) await sleep(100);
  };
  try {
    say("before the clock starts: the families and what is known already");
    for (const { id, file } of listDrills().filter((drill) => families.includes(drill.id)))
      await submit("family", id, await readFile(file));
    const popular = Array.from({ length: 6 }, () => newProgram(random));
    for (const { name, text } of popular) await submit("known", name, text);
    await settled();
    if (infected.length === 0) throw new Error("no family was understood, so nothing of a family can arrive");
    const corpus = (await openCorpus(corpusDir)).files.filter(
      ({ size, path }) => size > 0 && size < 1 << 20 && existsSync(path),
    );
    sent.clear();
    analyses = 0;
    let last = newProgram(random);
    const make = async (kind: Kind): Promise<{ name: string; content: Uint8Array | string }> => {
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
      if (kind === "known") {
        const { name, text } = pick(popular);
        return { name, content: text };
      }
      if (kind === "clean") {
        const { path } = pick(corpus);
        return { name: path.split("/").at(-1)!, content: await readFile(path) };
      }
      if (kind === "family")
        return { name: "tool", content: Buffer.concat([pick(infected), Buffer.from(`\n# ${random()}\n`)]) };
      const near = random() < NEAR_OF_NEW;
      if (!near) last = newProgram(random);
      return { name: last.name, content: near ? `${last.text}# ${random()}\n` : last.text };
    };
    const seconds = options.minutes * 60;
    const rate = options.perDay / 86_400;
    say(`${options.minutes} minutes at ${options.perDay} a day`);
    const begun = performance.now();
    const busy = processorTime();
    const pending: Promise<unknown>[] = [];
    let mostWaiting = 0;
    const watch = setInterval(async () => {
      const { open } = await intake.depth();
      mostWaiting = Math.max(mostWaiting, open);
    }, 250);
    const tell = setInterval(() => {
      const done = [...sent.values()].filter(({ answered }) => answered > 0).length;
      say(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${sent.size} submitted, ${done} answered`);
    }, 30_000);
    // Poisson arrivals given their number: independent moments, so that the asked rate is held exactly and not on average.
    const moments = Array.from({ length: Math.ceil(seconds * rate) }, () => random() * seconds);
    for (const at of moments.sort((one, other) => one - other)) {
      const kind = draw(random);
      const { name, content } = await make(kind);
      const wait = at * 1000 - (performance.now() - begun);
      if (wait > 0) await sleep(wait);
      pending.push(submit(kind, name, content));
    }
    const rest = begun + seconds * 1000 - performance.now();
    if (rest > 0) await sleep(rest);
    const now = processorTime();
    const processors = (now.busy - busy.busy) / (now.all - busy.all);
    const ended = performance.now();
    await Promise.all(pending);
    await settled();
    clearInterval(watch);
    clearInterval(tell);
    const all = [...sent.values()];
    const verdicts: Record<string, number> = {};
    for (const { verdict } of all) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    return {
      ...{ minutes: options.minutes, submitted: sent.size, refused, twice, mostWaiting, verdicts },
      answered: all.filter(({ answered }) => answered > 0).length,
      lost: all.filter(({ answered }) => answered === 0).length,
      ...{ capacity: CAPACITY, drained: (performance.now() - ended) / 1000, chambersUsed: analyses },
      ...{ processors, processorCount: availableParallelism(), byKind: byKind(all) },
    };
  } finally {
    await intake.close();
    await pool.close();
  }
}

function draw(random: () => number): Kind {
  let left = random();
  for (const [kind, share] of Object.entries(mix)) {
    left -= share;
    if (left < 0) return kind as Kind;
  }
  return "new";
}

function byKind(all: readonly Sent[]): RateFigures["byKind"] {
  return Object.fromEntries(
    Object.keys(mix).map((kind) => {
      const own = all.filter((one) => one.kind === kind);
      const answeredBy: Record<string, number> = {};
      for (const { by } of own) answeredBy[by] = (answeredBy[by] ?? 0) + 1;
      const seconds = own.map((one) => one.seconds);
      return [kind, { count: own.length, answeredBy, p50: median(seconds), p95: quantile(seconds, 0.95) }];
    }),
  );
}

/** Infected scripts among the evidence of a case: they differ from each other in their hosts only. */
async function infectedScripts(folder: string): Promise<Buffer[]> {
  const evidence = join(folder, "evidence");
  const manifest = (await readdir(evidence)).find((name) => name.endsWith(".json"));
  const { entries } = JSON.parse(await readFile(join(evidence, manifest!), "utf8")) as {
    entries: { type: string; after: string | null }[];
  };
  const names = entries.flatMap(({ type, after }) =>
    type === "shell" && after ? [`${after}.evidence`] : [],
  );
  return Promise.all(names.map((name) => readFile(join(evidence, name))));
}

/** Jiffies of all processors since the start, from /proc/stat. */
function processorTime(): { busy: number; all: number } {
  const line = /^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "latin1"))![1]!;
  const numbers = line.split(" ").slice(0, 8).map(Number);
  const all = numbers.reduce((sum, value) => sum + value, 0);
  return { all, busy: all - (numbers[3] ?? 0) - (numbers[4] ?? 0) };
}

export function printRate(figures: RateFigures): void {
  const table = Object.entries(figures.byKind).map(([kind, { count, answeredBy, p50, p95 }]) => {
    const by = Object.entries(answeredBy)
      .map(([name, number]) => `${name} ${number}`)
      .join(", ");
    return `${kind.padEnd(8)}${String(count).padStart(6)}${p50.toFixed(2).padStart(10)}${p95.toFixed(2).padStart(10)}  ${by}`;
  });
  process.stdout.write(`
${figures.minutes} minutes: ${figures.submitted} submitted, ${figures.answered} answered, ${figures.lost} lost, ${figures.twice} answered twice
class    number  p50 in s  p95 in s  answered by
${table.join("\n")}
waiting at most ${figures.mostWaiting} of ${figures.capacity}, refused for later ${figures.refused}, all answered ${figures.drained.toFixed(1)} s after the last arrival
analyses ${figures.chambersUsed}; processors busy ${(figures.processors * 100).toFixed(0)} % of ${figures.processorCount}
`);
}
