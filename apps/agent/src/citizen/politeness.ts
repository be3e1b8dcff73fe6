import type { Config } from "@thymus/contracts";
import { onBattery, tooHot } from "./power.ts";
import { type Pressure, readPressure } from "./pressure.ts";

/** `scan`: a full scan that somebody asked for. `recheck`: contents of known files are read again in the background. */
export type HeavyWork = "scan" | "recheck";

/** What a test may replace. */
export interface Senses {
  readonly pressure: () => Promise<Pressure | null>;
  readonly battery: () => Promise<boolean>;
  readonly hot: () => Promise<boolean>;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
}

/** Milliseconds that an answer holds: whoever asks before each file costs nothing. */
const HOLDS = 1000;
/** Milliseconds after which waiting work may begin under pressure all the same, or a busy machine would never be looked at. */
const LONGEST: Readonly<Record<HeavyWork, number>> = { scan: 6 * 3_600_000, recheck: 1_800_000 };
/** Milliseconds that work which waited too long may go on before it waits again. */
const TURN = 60_000;

/**
 * Whether heavy work may go on now. Ask before each stretch of it, and wait a few seconds after a no. On battery a full
 * scan waits for ever (agent.scan.onBattery); pressure and heat only put work off.
 */
export class Politeness {
  readonly #config: Config["agent"]["scan"];
  readonly #senses: Senses;
  readonly #since = new Map<HeavyWork, number>();
  readonly #turnEnds = new Map<HeavyWork, number>();
  #asked = Number.NEGATIVE_INFINITY;
  #reason: { readonly why: string; readonly lasting: boolean } | null = null;
  #why: string | null = null;

  constructor(config: Config["agent"]["scan"], senses: Partial<Senses> = {}) {
    this.#config = config;
    this.#senses = {
      pressure: readPressure,
      battery: onBattery,
      hot: tooHot,
      now: () => performance.now(),
      ...senses,
    };
  }

  /** Why work was refused the last time, in plain words; null where it may go on. */
  get why(): string | null {
    return this.#why;
  }

  async mayWork(kind: HeavyWork): Promise<boolean> {
    const now = this.#senses.now();
    if (now - this.#asked >= HOLDS) {
      this.#asked = now;
      this.#reason = await this.#look();
    }
    const reason = this.#reason;
    const free =
      reason === null || (reason.lasting && kind === "recheck") || this.#hasTurn(kind, now, reason);
    this.#why = free ? null : reason.why;
    if (free && reason === null) this.#since.delete(kind);
    return free;
  }

  #hasTurn(kind: HeavyWork, now: number, reason: { readonly lasting: boolean }): boolean {
    if (reason.lasting) return false;
    if (now < (this.#turnEnds.get(kind) ?? 0)) return true;
    const since = this.#since.get(kind) ?? now;
    this.#since.set(kind, since);
    if (now - since < LONGEST[kind]) return false;
    this.#since.delete(kind);
    this.#turnEnds.set(kind, now + TURN);
    return true;
  }

  async #look(): Promise<{ why: string; lasting: boolean } | null> {
    const { pressure: limit, onBattery: allowed } = this.#config;
    if (!allowed && (await this.#senses.battery()))
      return { why: "the machine runs from its battery (agent.scan.onBattery)", lasting: true };
    if (limit >= 100) return null;
    if (await this.#senses.hot())
      return { why: "the machine is so hot that it slows itself down", lasting: false };
    const pressure = await this.#senses.pressure();
    if (pressure === null || pressure.percent <= limit) return null;
    const { percent, resource } = pressure;
    return {
      why: `tasks wait for ${resource} ${percent.toFixed(0)} % of the time (agent.scan.pressure is ${limit})`,
      lasting: false,
    };
  }
}
