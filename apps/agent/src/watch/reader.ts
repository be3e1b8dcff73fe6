import { closeSync, openSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { receiveMessageOnPort } from "node:worker_threads";
import { Batch } from "./batch.ts";
import { hush, waitFor } from "./calls.ts";
import type { FromReader, ReaderData, RootState, ToReader } from "./messages.ts";
import { foreignPoints, type Mount, mountsOf, parseMounts } from "./mounts.ts";
import type { Sink } from "./source.ts";
import { Sources } from "./sources.ts";
import { Territory } from "./territory.ts";
import { WatchedRoot } from "./watched-root.ts";
import { Writers } from "./writers.ts";

/** Milliseconds between two looks at whether the roots are still the folders that they were. */
const LOOK = 5000;
/** Milliseconds between two tries while the agent has not taken the batch before. */
const RETRY = 20;
/** Milliseconds for which events are read before a check is answered: more may come than can be read. */
const DRAIN = 1000;
const MOUNTS = "/proc/self/mountinfo";

/**
 * Reads the events of all roots. It waits in the kernel for whatever comes first, so that a quiet machine costs nothing, and
 * gathers while the agent is busy.
 */
export class Reader {
  readonly #data: ReaderData;
  readonly #territory: Territory;
  readonly #sources: Sources;
  readonly #roots: Map<string, WatchedRoot>;
  readonly #batch = new Batch();
  readonly #writers: Writers;
  readonly #taken: Int32Array;
  readonly #told = new Map<string, string>();
  readonly #mountsFd: number;
  #mounts: Mount[] = [];
  #checked = 0;
  #sent = 0;
  #busy = false;
  #closed = false;
  /** Roots of which not all waiting changes are known. */
  readonly #full = new Set<string>();

  constructor(data: ReaderData) {
    this.#data = data;
    this.#territory = new Territory(data.roots, data.skipped);
    this.#writers = new Writers(data.own);
    this.#taken = new Int32Array(data.taken);
    this.#sources = new Sources(data.prefer, this.#territory, (root) =>
      this.#mountsOf(root).map(({ point }, index) => (index === 0 ? root : point)),
    );
    this.#roots = new Map(data.roots.map((root) => [root, new WatchedRoot(root, data.expected[root] ?? [])]));
    this.#mountsFd = openSync(MOUNTS, "r");
  }

  /** Ends when it is told to. @throws Error where reading is not possible any more */
  run(): void {
    try {
      this.#check(true);
      for (let timeout = 0; !this.#closed; timeout = this.#wait()) this.#round(timeout);
    } finally {
      this.#sources.close();
      closeSync(this.#mountsFd);
    }
    this.#post({ type: "closed" });
  }

  #round(timeout: number): void {
    const sources = this.#sources.all;
    const ready = waitFor(
      [this.#data.bell, this.#mountsFd, ...sources.map(({ fd }) => fd)],
      timeout,
      this.#mountsFd,
    );
    if (ready.has(this.#data.bell)) this.#listen();
    else if (ready.has(this.#mountsFd) || performance.now() - this.#checked >= LOOK) this.#check(false);
    this.#busy = false;
    for (const source of sources) if (source.step(this.#sink)) this.#busy = true;
    this.#flush();
  }

  #wait(): number {
    if (this.#busy) return 0;
    return this.#batch.size > 0 ? RETRY : LOOK;
  }

  readonly #sink: Sink = {
    changed: (root, path, finished, pid) => {
      // The halves of our own atomic writes, which nobody else may take for anything.
      if (pid === this.#data.own && basename(path).startsWith(this.#data.temporary)) return;
      if (!this.#batch.add(root, path, finished, this.#writers.of(pid)) && !this.#full.has(root)) {
        this.#full.add(root);
        this.#post({ type: "gap", root, why: "more paths changed than can wait" });
      }
    },
    lost: (root, why) => {
      for (const each of root === null ? this.#roots.keys() : [root])
        this.#post({ type: "gap", root: each, why });
    },
    blind: (root, folder, error) => this.#roots.get(root)?.blind(folder, error),
  };

  #listen(): void {
    hush(this.#data.bell);
    for (;;) {
      const received = receiveMessageOnPort(this.#data.port) as { message: ToReader } | undefined;
      if (!received) return;
      if (received.message.type === "close") this.#closed = true;
      else {
        this.#check(false);
        this.#settle(performance.now() + DRAIN);
        this.#flush(true);
        this.#post({ type: "checked", id: received.message.id });
      }
    }
  }

  #mountsOf(root: string): Mount[] {
    return mountsOf(root, this.#mounts, (path) => this.#territory.skips(path));
  }

  #check(first: boolean): void {
    this.#checked = performance.now();
    this.#mounts = parseMounts(readFileSync(MOUNTS, "utf8"));
    this.#territory.foreign = new Set(foreignPoints(this.#territory.roots, this.#mounts));
    for (const [root, watched] of this.#roots) {
      const happened = watched.check(this.#mountsOf(root), this.#sources);
      // Below the root folders get their marks before anything else is said: what the agent compares next is covered.
      if (happened !== null) this.#settle();
      if (happened !== null && !first) this.#post({ type: "gap", root, why: `${root} ${happened}` });
    }
    this.#tellStates();
  }

  /** Works until every source has nothing more to do. @param latest when it ends at any rate, by performance.now() */
  #settle(latest = Number.POSITIVE_INFINITY): void {
    for (let more = true; more && performance.now() < latest; ) {
      more = false;
      for (const source of this.#sources.all) if (source.step(this.#sink)) more = true;
      this.#flush();
    }
  }

  #tellStates(): void {
    for (const [root, watched] of this.#roots) {
      const state: RootState = watched.state();
      const text = JSON.stringify(state);
      if (this.#told.get(root) === text) continue;
      this.#told.set(root, text);
      this.#post({ type: "state", state });
    }
  }

  /** Gives what is gathered to the agent, unless it has not taken what it got before. */
  #flush(always = false): void {
    if (this.#batch.size === 0) return;
    if (!always && Atomics.load(this.#taken, 0) !== this.#sent) return;
    this.#sent++;
    this.#full.clear();
    this.#post({ type: "changes", batches: this.#batch.take() });
    this.#writers.forget();
  }

  #post(message: FromReader): void {
    this.#data.port.postMessage(message);
  }
}
