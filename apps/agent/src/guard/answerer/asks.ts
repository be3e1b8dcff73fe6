import { LATE } from "../channel.ts";
import { closeFd } from "./calls.ts";
import { answer } from "./fanotify.ts";

/** One question to the agent, and the processes that wait for its answer. */
export interface Ask {
  readonly id: number;
  /** Group of the events that wait. */
  readonly group: number;
  /** Descriptors of the events that are not answered yet. */
  readonly held: number[];
  /** Descriptor that stays open, beyond the answers, until the agent has said something; -1 for none. */
  readonly lead: number;
  /** When who waits is let go, by the clock of the loop. */
  readonly deadline: number;
  expired: boolean;
}

/** Questions and waiting processes at most: beyond, nobody is made to wait. */
const MAX_ASKS = 256;
const MAX_HELD = 1024;

/** Everything that waits for the agent, with the time at which it waits no more. */
export class Asks<A extends Ask> {
  readonly #asks = new Map<number, A>();
  #held = 0;
  #nextId = 1;
  #soonest = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#asks.size;
  }

  get held(): number {
    return this.#held;
  }

  get full(): boolean {
    return this.#asks.size >= MAX_ASKS || this.#held >= MAX_HELD;
  }

  /** Time at which `expire` has something to do. */
  get soonest(): number {
    return this.#soonest;
  }

  /** When the first that waits is to be answered at last; infinite where nobody waits. All have one deadline, so the oldest is due first. */
  get due(): number {
    if (this.#held > 0) for (const ask of this.#asks.values()) if (ask.held.length > 0) return ask.deadline;
    return Number.POSITIVE_INFINITY;
  }

  add(make: (id: number) => A): A {
    const ask = make(this.#nextId++);
    this.#asks.set(ask.id, ask);
    this.#soonest = Math.min(this.#soonest, ask.deadline);
    return ask;
  }

  get(id: number): A | undefined {
    return this.#asks.get(id);
  }

  hold(ask: A, fd: number): void {
    ask.held.push(fd);
    this.#held++;
  }

  /** Answers all that wait for one question; the question itself stays. @returns how many waited */
  let(ask: A, decision: number): number {
    const count = ask.held.length;
    for (const fd of ask.held) {
      answer(ask.group, fd, decision);
      if (fd !== ask.lead) closeFd(fd);
    }
    this.#held -= count;
    ask.held.length = 0;
    return count;
  }

  end(ask: A): void {
    this.#asks.delete(ask.id);
    if (ask.lead >= 0) closeFd(ask.lead);
  }

  /** @param onExpired decides for who waited for too long */
  expire(now: number, onExpired: (ask: A) => number, onEnd: (ask: A) => void): void {
    if (now < this.#soonest) return;
    let soonest = Number.POSITIVE_INFINITY;
    for (const ask of this.#asks.values()) {
      if (!ask.expired && now >= ask.deadline) {
        ask.expired = true;
        this.let(ask, onExpired(ask));
      }
      // What came after the deadline does not wait for the same answer again.
      const end = ask.deadline + LATE;
      if (ask.expired && now >= end) {
        onEnd(ask);
        this.end(ask);
      } else soonest = Math.min(soonest, ask.expired ? end : ask.deadline);
    }
    this.#soonest = soonest;
  }

  all(): IterableIterator<A> {
    return this.#asks.values();
  }
}
