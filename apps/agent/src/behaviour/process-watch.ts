import type { Logger } from "@thymus/contracts";
import { readStat } from "../processes/proc-files.ts";
import type { Processes } from "../processes/processes.ts";
import type { Known } from "../processes/table.ts";
import type { Facts, ProcessLook } from "./facts.ts";
import { type Judgement, judge } from "./judgement.ts";
import { longLook } from "./look-at-process.ts";
import { isOpenPlace, isShell, programOf } from "./programs.ts";

export interface ProcessWatchOptions {
  readonly processes: Processes;
  readonly threshold: number;
  readonly log: Logger;
  readonly onSuspect: (known: Known, judgement: Judgement) => void;
}

/** Milliseconds between two looks at what runs. */
const ROUND = 60_000;
/** Milliseconds after its start at which a program is looked at: by then its connections are in place. */
const SETTLED = 50;
/** Clock ticks a second (USER_HZ). */
const TICKS = 100;
/** Share of a processor from which a process counts as at work. */
const BUSY = 0.5;

interface Busy {
  readonly ticks: number;
  readonly at: number;
  /** Since when it worked without rest, and with how many ticks it began. */
  readonly since: number;
  readonly from: number;
}

/** What processes are, apart from what they do to files: looked at when they start, and once a minute. */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #busy = new Map<string, Busy>();
  readonly #told = new WeakMap<Known, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.round(Date.now()), ROUND);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** A program was started: only what might say something at once is looked at. */
  started(known: Known): void {
    const { exe, deleted } = known.image;
    if (!deleted && !isShell(exe) && !isOpenPlace(programOf(known.image) ?? "")) return;
    setTimeout(() => this.#judge(known, null), SETTLED).unref();
  }

  /** Looks at everything that runs. */
  round(now: number): void {
    const { processes } = this.#options;
    processes.scan();
    const seen = new Set<string>();
    for (const known of [...processes.table.running()]) {
      const stat = readStat(known.pid);
      if (!stat || stat.kernel) continue;
      const name = `${known.pid}:${stat.start}`;
      seen.add(name);
      const cpu = this.#workOf(name, stat.ticks, now);
      if (cpu || known.image.deleted || isOpenPlace(programOf(known.image) ?? "")) this.#judge(known, cpu);
    }
    for (const name of this.#busy.keys()) if (!seen.has(name)) this.#busy.delete(name);
  }

  #workOf(name: string, ticks: number, now: number): ProcessLook["cpu"] {
    const before = this.#busy.get(name);
    const share = before && now > before.at ? ((ticks - before.ticks) / TICKS / (now - before.at)) * 1000 : 0;
    const works = before !== undefined && share >= BUSY;
    const [since, from] = works ? [before.since, before.from] : [now, ticks];
    this.#busy.set(name, { ticks, at: now, since, from });
    if (!works || now === since) return null;
    return { share: ((ticks - from) / TICKS / (now - since)) * 1000, seconds: (now - since) / 1000 };
  }

  #judge(known: Known, cpu: ProcessLook["cpu"]): void {
    if (known.ended !== null) return;
    const { log, onSuspect, threshold } = this.#options;
    try {
      const judgement = judge(factsOf(longLook(known, cpu)));
      if (judgement.score < threshold || (this.#told.get(known) ?? 0) >= judgement.score) return;
      this.#told.set(known, judgement.score);
      onSuspect(known, judgement);
    } catch (error) {
      log.warn("a process cannot be looked at", { pid: known.pid, why: (error as Error).message });
    }
  }
}

function factsOf(subject: ProcessLook): Facts {
  return { subject, tree: [], documents: [], changed: 0, decoys: [], infected: [], persistence: [] };
}
