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
  readonly #every: number;
  #next = 0;

  /** @param ms milliseconds without winding up after which this process ends. @throws Error where the kernel has no timer */
  constructor(ms: number) {
    const event = Buffer.alloc(64);
    event.writeInt32LE(SIGKILL, 8);
    const id = Buffer.alloc(8);
    if (create(CLOCK_MONOTONIC, event, id) !== 0) throw new Error(`timer_create: ${errnoName()}`);
    this.#id = Number(id.readBigInt64LE(0));
    this.#spec.writeBigInt64LE(BigInt(Math.floor(ms / 1000)), 16);
    this.#spec.writeBigInt64LE(BigInt(Math.floor((ms % 1000) * 1e6)), 24);
    this.#every = ms / 8;
    this.wind(0);
  }

  /** @param now milliseconds of a clock that only goes forward. A system call only each eighth of the time. */
  wind(now: number): void {
    if (now < this.#next) return;
    this.#next = now + this.#every;
    if (set(this.#id, 0, this.#spec, null) !== 0) throw new Error(`timer_settime: ${errnoName()}`);
  }
}
