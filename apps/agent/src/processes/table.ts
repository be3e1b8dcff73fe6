import type { ProcessEvent } from "./connector-events.ts";
import type { Image } from "./proc-files.ts";

/** A process that was seen, with the one that started it, also where that has ended since. */
export interface Known {
  readonly pid: number;
  /** Clock ticks as in ProcessFacts; null for one that was forked since and not looked at yet. */
  start: number | null;
  parent: Known | null;
  depth: number;
  image: Image;
  uid: number;
  /** Milliseconds since 1970 at which it was seen to end; null while it runs. */
  ended: number | null;
}

export interface TableLimits {
  /** Processes that are known at a time, running ones first. */
  readonly processes: number;
  /** Milliseconds for which an ended one is remembered. */
  readonly memory: number;
  /** Parents that a process is remembered with. */
  readonly depth: number;
}

const LIMITS: TableLimits = { processes: 32_768, memory: 120_000, depth: 48 };
const UNKNOWN: Image = { exe: null, deleted: false, file: null, cmdline: [] };

/** Processes and who started them. Only bookkeeping: what it asks of the system is when a process was started. */
export class ProcessTable {
  readonly #limits: TableLimits;
  readonly #running = new Map<number, Known>();
  /** In the order in which they ended. */
  readonly #ended = new Map<Known, number>();
  readonly #endedByPid = new Map<number, Known>();

  readonly #startNow: (pid: number) => number | null;

  /** @param startNow start time of what has a number now, as in Known; null where nothing is known of it */
  constructor(limits: Partial<TableLimits> = {}, startNow: (pid: number) => number | null = () => null) {
    this.#startNow = startNow;
    this.#limits = { ...LIMITS, ...limits };
  }

  get size(): number {
    return this.#running.size + this.#ended.size;
  }

  running(): IterableIterator<Known> {
    return this.#running.values();
  }

  /** The running process of that number, else the last one that had it and is still remembered. */
  get(pid: number): Known | null {
    return this.#running.get(pid) ?? this.#endedByPid.get(pid) ?? null;
  }

  isRunning(pid: number): boolean {
    return this.#running.has(pid);
  }

  /** Takes in what /proc tells of a process. */
  add(pid: number, facts: { start: number; parent: number; uid: number; image: Image }): Known {
    const known = this.#running.get(pid);
    if (known && (known.start === null || known.start === facts.start)) {
      known.start = facts.start;
      known.uid = facts.uid;
      known.image = facts.image;
      known.parent ??= this.#running.get(facts.parent) ?? null;
      return known;
    }
    if (known) this.exit(pid, Date.now());
    return this.#put({
      ...{ pid, start: facts.start, uid: facts.uid, image: facts.image, ended: null },
      parent: facts.parent === 0 ? null : (this.#running.get(facts.parent) ?? null),
    });
  }

  apply(event: ProcessEvent & { readonly image?: Image }, now: number): Known | null {
    const known = this.#running.get(event.pid);
    switch (event.what) {
      case "fork": {
        const parent = this.#running.get(event.parent) ?? null;
        // The word of its start comes late: it was looked at before.
        if (known && known.start !== null && this.#startNow(event.pid) === known.start) {
          known.parent ??= parent;
          return known;
        }
        if (known) this.exit(event.pid, now);
        const [image, uid] = [parent?.image ?? UNKNOWN, parent?.uid ?? 0];
        return this.#put({ pid: event.pid, start: null, parent, image, uid, ended: null });
      }
      case "exec": {
        const found =
          known ??
          this.#put({ pid: event.pid, start: null, parent: null, image: UNKNOWN, uid: 0, ended: null });
        if (event.image) found.image = event.image;
        return found;
      }
      case "uid":
        if (known) known.uid = event.uid;
        return known ?? null;
      case "exit":
        this.exit(event.pid, now);
        return known ?? null;
    }
  }

  #put(known: Omit<Known, "depth">): Known {
    const made: Known = { ...known, depth: known.parent ? known.parent.depth + 1 : 0 };
    this.#shorten(made);
    this.#running.set(made.pid, made);
    this.#makeRoom();
    return made;
  }

  /** A chain of processes each of which starts the next and ends would otherwise be remembered for ever. */
  #shorten(known: Known): void {
    const { depth } = this.#limits;
    if (known.depth < depth * 2) return;
    let at: Known = known;
    let left = depth;
    while (at.parent && left > 0) {
      at.depth = left--;
      at = at.parent;
    }
    at.depth = 0;
    at.parent = null;
  }

  exit(pid: number, now: number): void {
    const known = this.#running.get(pid);
    if (!known) return;
    known.ended = now;
    this.#running.delete(pid);
    this.#ended.set(known, now);
    this.#endedByPid.set(pid, known);
    for (const [old, at] of this.#ended) {
      if (at > now - this.#limits.memory) break;
      this.#forget(old);
    }
    this.#makeRoom();
  }

  #makeRoom(): void {
    while (this.size > this.#limits.processes) {
      const oldest = this.#ended.keys().next().value;
      if (oldest) this.#forget(oldest);
      else {
        const first = this.#running.keys().next().value!;
        this.#running.delete(first);
      }
    }
  }

  #forget(known: Known): void {
    this.#ended.delete(known);
    if (this.#endedByPid.get(known.pid) === known) this.#endedByPid.delete(known.pid);
  }
}
