import type { Exempt } from "./exempt.ts";
import { Forks } from "./forks.ts";
import { groupOf, ownerOf, type ProcessFacts, processFacts, programOf } from "./process-facts.ts";

/** Processes that count as one: what one program does through its children is its own doing. */
export interface Tree {
  /** Names it: of its topmost process, or of the program where that was left by its parent. */
  readonly key: string;
  /** From the process that was asked about to the topmost. */
  readonly pids: readonly number[];
}

const DEPTH = 64;
/** Milliseconds for which the tree of a pid is believed without a look. */
const FRESH = 200;
const MAX_REMEMBERED = 8192;

/**
 * The tree of a process goes up to the last ancestor below one that starts programs in somebody's name (init, a login, a
 * desktop, cron, or any program of root whose child is a user's), or below an interactive shell: a session's leader with a terminal that gave the job a process group of its
 * own. Sessions and groups alone decide nothing, as a program can leave both. What was left by its parent (daemons,
 * double forks) is told apart by its program, else each fork would be a new tree, within one control group: services and
 * containers that run the same program have nothing in common.
 */
export class Trees {
  readonly #exempt: Exempt;
  readonly #seen = new Map<number, { tree: Tree; at: number }>();

  readonly #forks = new Forks();

  constructor(exempt: Exempt) {
    this.#exempt = exempt;
  }

  /** Whether it is told which processes were started. */
  get hears(): boolean {
    return this.#forks.hears;
  }

  /** Hears which processes were started; call it before changes are told apart, and now and then. */
  drain(): void {
    this.#forks.drain();
  }

  close(): void {
    this.#forks.close();
  }

  /** @returns null for a process that ended before anything was known of it */
  of(pid: number, now: number, depth = DEPTH): Tree | null {
    const seen = this.#seen.get(pid);
    if (seen && now - seen.at < FRESH) return seen.tree;
    const tree = this.#climb(pid, now, depth);
    // A process that has ended is what it was when it was last seen, or else its parent's.
    if (!tree) return seen?.tree ?? this.#ofParent(pid, now, depth);
    this.#seen.delete(pid);
    this.#seen.set(pid, { tree, at: now });
    if (this.#seen.size > MAX_REMEMBERED) {
      const oldest = this.#seen.keys().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return tree;
  }

  /** Tree of a process that is there at this moment, or null. */
  now(pid: number): Tree | null {
    return this.#climb(pid, Number.POSITIVE_INFINITY, 0);
  }

  #ofParent(pid: number, now: number, depth: number): Tree | null {
    // Started, at work and gone since the last look.
    if (this.#forks.parentOf(pid) === undefined) this.#forks.drain();
    const parent = depth > 0 ? this.#forks.parentOf(pid) : undefined;
    if (parent === undefined || this.#exempt.starts(parent)) return null;
    return this.of(parent, now, depth - 1);
  }

  #climb(pid: number, now: number, up: number): Tree | null {
    let at = processFacts(pid);
    if (!at) return null;
    const pids = [pid];
    for (let depth = 0; depth < DEPTH; depth++) {
      if (at.parent <= 1 || this.#exempt.starts(at.parent)) {
        const left = at.parent <= 1 || this.#seenAsReaper(at.parent);
        return { key: left ? leftName(at) : nameOf(at), pids };
      }
      const parent = processFacts(at.parent);
      if (!parent) {
        // It ended while we climbed: what is above it is known by who started it.
        const above = up > 0 ? this.of(at.parent, now, up - 1) : null;
        return above ? { key: above.key, pids: [...pids, ...above.pids] } : { key: nameOf(at), pids };
      }
      if (this.#isJobOf(at, parent) || isServed(at.pid, parent.pid)) return { key: nameOf(at), pids };
      pids.push(parent.pid);
      at = parent;
    }
    return { key: nameOf(at), pids };
  }

  /** A manager of a user's services takes what was left, as init does. */
  #seenAsReaper(pid: number): boolean {
    return processFacts(pid)?.parent === 1;
  }

  #isJobOf(child: ProcessFacts, parent: ProcessFacts): boolean {
    return (
      parent.session === parent.pid &&
      parent.terminal !== 0 &&
      child.group !== parent.group &&
      this.#exempt.isShell(parent.pid)
    );
  }
}

/** True for a process of a user whose parent is root's: a login, a display manager, a runtime of containers. */
const isServed = (child: number, parent: number): boolean => ownerOf(parent) === 0 && ownerOf(child) > 0;

/** Of what has no parent that is known. Its control group is its service, container, login or desktop program. */
const leftName = ({ pid }: ProcessFacts): string => `program ${programOf(pid) ?? pid} of ${groupOf(pid)}`;

const nameOf = ({ pid, started }: ProcessFacts): string => `process ${pid} ${started}`;
