import { bind, errnoName } from "./library.ts";

const create = bind("int timer_create(int clock, uint8_t *event, uint8_t *id)");
const set = bind("int timer_settime(int64_t id, int flags, uint8_t *spec, void *old)");

const CLOCK_MONOTONIC = 1;
const SIGKILL = 9;

/**
 * A timer of the kernel that kills this process unless it is wound up again in time. It needs no other process, and works
 * also while this one is stopped, frozen or in an endless loop: a stopped process dies of SIGKILL. With it the fanotify
 * groups close, which lets through all that wait.
 */
export class DeadMan {
  readonly #id: number;
  readonly #spec = Buffer.alloc(32);
  /** When it rings, by the clock of `wind`. */
  #rings = Number.NEGATIVE_INFINITY;

  /** @throws Error where the kernel has no timer */
  constructor() {
    const event = Buffer.alloc(64);
    event.writeInt32LE(SIGKILL, 8);
    const id = Buffer.alloc(8);
    if (create(CLOCK_MONOTONIC, event, id) !== 0) throw new Error(`timer_create: ${errnoName()}`);
    this.#id = Number(id.readBigInt64LE(0));
  }

  /**
   * Puts the end of this process off, or forward. A system call only where it moves by more than `slack`.
   * @param now milliseconds of a clock that only goes forward
   * @param end milliseconds of the same clock at which this process ends
   */
  wind(now: number, end: number, slack: number): void {
    if (end >= this.#rings && end - this.#rings < slack) return;
    this.#rings = end;
    // Zero would stop the timer.
    const ms = Math.max(1, end - now);
    this.#spec.writeBigInt64LE(BigInt(Math.floor(ms / 1000)), 16);
    this.#spec.writeBigInt64LE(BigInt(Math.floor((ms % 1000) * 1e6)), 24);
    if (set(this.#id, 0, this.#spec, null) !== 0) throw new Error(`timer_settime: ${errnoName()}`);
  }
}
