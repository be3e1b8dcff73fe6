import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";

/** Milliseconds by which the clock may have moved since it was last seen without being doubted: a long holiday. */
const FORWARD = 21 * 86_400_000;
const BACK = 3_600_000;
/** Milliseconds for which a doubted clock must go at the speed of time before it is believed. */
const PROBATION = 45 * 60_000;
const TOLERANCE = 5 * 60_000;
const SEEN = "clock-seen";

/**
 * Whether the time of day is to be believed where something is deleted because of it. A clock that is set wrong for a minute, or
 * starts in 1970, must not end what was to be kept for a year.
 */
export class BelievedClock {
  readonly #wall: () => number;
  readonly #steady: () => number;
  #doubt: { readonly wall: number; readonly steady: number } | null = null;

  /** @param steady milliseconds of a clock that nobody sets */
  constructor(wall: () => number = Date.now, steady: () => number = () => performance.now()) {
    this.#wall = wall;
    this.#steady = steady;
  }

  /** @returns the time in milliseconds since 1970, or null while it is in doubt */
  async now(db: Database): Promise<number | null> {
    const wall = this.#wall();
    const steady = this.#steady();
    const text = await readMeta(db, SEEN);
    const seen = text === null ? wall : Number(text);
    if (wall - seen > FORWARD || seen - wall > BACK) {
      const doubt = this.#doubt;
      const went = doubt === null ? 0 : steady - doubt.steady;
      const even = doubt !== null && Math.abs(wall - doubt.wall - went) < TOLERANCE;
      if (!even) this.#doubt = { wall, steady };
      if (!even || went < PROBATION) return null;
    }
    this.#doubt = null;
    await writeMeta(db, SEEN, String(wall));
    return wall;
  }
}
