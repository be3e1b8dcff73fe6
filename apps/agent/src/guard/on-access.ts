import { join } from "node:path";
import type { Config, Logger, Prescription } from "@thymus/contracts";
import type { Timeline } from "../link/timeline.ts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import { ConfinedJudge } from "../scanning/confined-judge.ts";
import type { OnLayers } from "../scanning/confinement.ts";
import type { Healer } from "../scanning/healer.ts";
import type { Database } from "../state/open.ts";
import type { Serial } from "../state/serial.ts";
import { LATE } from "./channel.ts";
import type { Ask, Guard, Refusal, Verdict } from "./guard.ts";
import { judgeFile } from "./judge-file.ts";

export interface OnAccessOptions {
  readonly active: ActivePrescriptions;
  readonly config: Config;
  /** DIR/agent */
  readonly dataDir: string;
  readonly db: Database;
  readonly guard: Guard;
  readonly healer: Healer;
  readonly log: Logger;
  readonly onLayers: OnLayers;
  readonly rootOf: (path: string) => string | null;
  readonly serial: Serial;
  readonly timeline: Timeline;
}

/** Milliseconds after which rules that changed count. */
const LOOK = 250;
/** Milliseconds in which the same refusal is told once. */
const QUIET = 60_000;
const MAX_TOLD = 1000;

/** Judges files that are about to be opened or run by the active prescriptions, tells what was refused, and has it healed. */
export class OnAccess {
  readonly #options: OnAccessOptions;
  readonly #judge: ConfinedJudge;
  readonly #timer: NodeJS.Timeout;
  readonly #told = new Map<string, number>();
  #rules: string;

  constructor(options: OnAccessOptions) {
    this.#options = options;
    const { active, config, dataDir, log, onLayers } = options;
    this.#rules = active.ids.join();
    const cacheDir = join(dataDir, "scans", "compiled");
    this.#judge = new ConfinedJudge({
      active,
      cacheDir,
      log,
      maxBytes: config.admin.maxSampleBytes,
      onLayers,
    });
    this.#judge.onReplaced = () => options.guard.forget();
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#timer.unref();
    options.guard.onRefused = (refusal) => {
      if (refusal.kind === "scan") this.#tell(refusal, null);
    };
  }

  /** Answer to a question of kind scan. Whatever is recorded or healed comes after it: a full disk delays no answer. */
  async decide(ask: Ask): Promise<Verdict> {
    const { active, config } = this.#options;
    const { deadlineMs, mode, whenUnsure } = config.agent.onAccess;
    const { found, unsure, identity } = await judgeFile(
      {
        ...{ active, judge: this.#judge, maxBytes: config.admin.maxSampleBytes },
        // Whoever waits is let go at the deadline by the answering process; what is found out a little later serves the next.
        deadlineMs: deadlineMs + LATE,
      },
      ask,
    );
    if (unsure) return { verdict: whenUnsure, keep: null };
    if (!found) return { verdict: "allow", keep: identity };
    const denied = mode === "deny";
    setImmediate(() => {
      this.#tell({ ...ask, denied, kind: "scan" }, found);
      if (denied) this.#heal(ask.path, found);
    });
    return { verdict: "deny", keep: identity };
  }

  #look(): void {
    this.#judge.refresh();
    const rules = this.#options.active.ids.join();
    if (rules === this.#rules) return;
    this.#rules = rules;
    this.#options.guard.forget();
  }

  #tell({ path, pid, exec, denied }: Refusal, found: Prescription | null): void {
    const key = `${path}\0${exec}\0${denied}`;
    const now = performance.now();
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.set(key, now);
    const { db, log, timeline } = this.#options;
    const done = denied ? "refused to" : "would have refused to";
    const why = found ? `: infected with ${found.family} (${found.id})` : ", which is known to be infected";
    timeline
      .note(db, null, `${done} ${exec ? "run" : "open"} ${path} for process ${pid}${why}`)
      .catch((error: Error) => log.warn("a refusal could not be recorded", { path, why: error.message }));
  }

  #heal(path: string, prescription: Prescription): void {
    const { healer, log, rootOf, serial } = this.#options;
    serial
      .run(async () => {
        await healer.heal({ path, root: rootOf(path), prescription, case: null });
      })
      .catch((error: Error) =>
        log.warn("what was refused could not be healed", { path, why: error.message }),
      );
  }

  /** What a person should know. */
  notices(): string[] {
    return this.#judge.notices();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#judge.close();
  }
}
