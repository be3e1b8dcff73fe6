import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Coverage as CoverageView } from "@thymus/contracts";
import { TEMPORARY_PREFIX } from "@thymus/store";
import type { Politeness } from "../citizen/politeness.ts";
import type { Keeper } from "../copies/keeper.ts";
import { factsAt } from "../files/regular.ts";
import type { Roots } from "../files/roots.ts";
import type { TreeCounts } from "../integrity/protocol.ts";
import type { Prescriptions } from "../scanning/prescriptions.ts";
import type { Serial } from "../state/serial.ts";
import { refuseAll } from "../suspicion/collect.ts";
import type { Investigator, InvestigatorOptions } from "../suspicion/investigator.ts";
import { Coverage } from "../watch/coverage.ts";
import type { Changed, Writer } from "../watch/messages.ts";
import { type Changes, Pending } from "../watch/pending.ts";
import { Watch } from "../watch/watch.ts";
import { createBaseline } from "./first-baseline.ts";
import { FirstBaselines } from "./first-baselines.ts";
import { isOwnWork, ownWork } from "./own-work.ts";
import { type CompareOptions, compareWithBaseline, hasBaseline } from "./recheck.ts";

export interface WatchmanOptions {
  readonly investigation: InvestigatorOptions;
  readonly investigator: Investigator;
  readonly keeper: Keeper;
  /** Every change of a root as it is told, with who made it. */
  readonly onChanges: (changes: readonly Changed[]) => void;
  readonly pace: (() => Promise<void>) | null;
  readonly politeness: Politeness;
  readonly prescriptions: Prescriptions;
  readonly roots: Roots;
  /** All work on files happens here, one piece after the other. */
  readonly serial: Serial;
}

/** Milliseconds that an event may take to arrive; what changed earlier and was not announced was lost. */
const LATE = 3000;

/** A root that is not seen whole is compared this often, seconds; but comparing takes no more than this part of the time. */
const BLIND_SECONDS = 15;
const BLIND_PART = 20;
/** Milliseconds between two looks at which of those is due. */
const BLIND_LOOK = 5000;
/** Milliseconds for which the start waits for first baselines: those of small folders are made by then. */
const AT_START = 3000;
/** Changes that are looked at together with one that cannot wait. */
const TOGETHER = 64;

/** Watches all roots: by events, and by comparing with the baseline whenever events are not enough. */
export class Watchman {
  readonly #options: WatchmanOptions;
  readonly #pending = new Map<string, Pending>();
  /** Files that are complete and were not looked at yet. */
  readonly #finished = new Map<string, Set<string>>();
  /** Roots of which a comparison waits for its turn. */
  readonly #due = new Set<string>();
  /** When each root was compared last, and how long that took; milliseconds. */
  readonly #last = new Map<string, { readonly ended: number; readonly took: number }>();
  /** When the baseline of a root was made by this process. */
  readonly #begun = new Map<string, number>();
  /** Roots of which something was told, or went unseen, while their first baseline is made. */
  readonly #unsure = new Set<string>();
  readonly #first: FirstBaselines;
  /** Files of each root that changed while it was judged, and were left to what was told next. */
  readonly #waited = new Map<string, ReadonlySet<string>>();
  readonly #stop = new AbortController();
  #coverage!: Coverage;
  #watch: Watch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #blindTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: WatchmanOptions) {
    this.#options = options;
    const { settleSeconds } = options.investigation.config.agent;
    this.#first = new FirstBaselines({
      log: options.investigation.log,
      make: (root, onProgress) => this.#make(root, onProgress),
    });
    for (const root of options.roots.all)
      this.#pending.set(
        root,
        new Pending({
          settleSeconds,
          onFinished: (paths) => this.#complete(root, paths),
          onFirst: (changes) => this.#workOn(root, changes, (now, at) => this.#firstLook(root, now, at)),
          onSettled: (changes) => this.#workOn(root, changes, (now, at) => this.#settle(root, now, at)),
        }),
      );
  }

  /**
   * Watches, then compares: what changed while the agent was down is found, and nothing falls in between. First baselines of large
   * folders go on afterwards.
   */
  async start(): Promise<void> {
    const { investigation, prescriptions, roots, serial } = this.#options;
    const { config, db, log } = investigation;
    const coverage = await Coverage.open(db, log, roots.all);
    this.#coverage = coverage;
    await serial.run(async () => {
      await this.#options.keeper.tidy();
      this.#watch = await Watch.open({
        roots: roots.all,
        skipped: roots.skipped,
        prefer: config.agent.watcher,
        expected: coverage.expected,
        onChanges: (root, changes) => {
          this.#pending.get(root)?.take(changes);
          this.#options.onChanges(changes);
        },
        onGap: (root, why) => this.#gap(root, why),
        onState: (state) => coverage.learn(state),
      });
      for (const root of roots.all) {
        if (await hasBaseline(db, root)) {
          coverage.gap(root, "the agent was not running");
          await this.#recheck(root, false);
          await this.#options.keeper.fill(root);
        } else await this.#begin(root);
      }
      await prescriptions.carryOut();
    });
    this.#schedule();
    this.#blindTimer = setInterval(() => this.#compareBlind(), BLIND_LOOK);
    const late = new AbortController();
    await Promise.race([this.baselined(), sleep(AT_START, undefined, { ref: false, signal: late.signal })]);
    late.abort();
  }

  /** Resolves once no first baseline is being made. */
  baselined(): Promise<void> {
    return this.#first.idle();
  }

  /** Something of a root may have changed unseen: it is compared as soon as its turn comes. */
  #gap(root: string, why: string): void {
    this.#coverage.gap(root, why);
    this.#compareSoon(root);
  }

  #compareSoon(root: string): void {
    if (this.#due.has(root)) return;
    this.#due.add(root);
    this.#work(async () => {
      this.#due.delete(root);
      await this.#recheck(root, false);
    });
  }

  /** What events cannot tell is found by comparing more often. */
  #compareBlind(): void {
    for (const root of this.#pending.keys()) {
      const { ended, took } = this.#last.get(root) ?? { ended: 0, took: 0 };
      const pause = Math.max(BLIND_SECONDS * 1000, took * BLIND_PART);
      const seen = this.#coverage.blind(root) === null || this.#coverage.state(root)?.missing;
      if (!seen && performance.now() - ended >= pause) this.#compareSoon(root);
    }
  }

  async #begin(root: string): Promise<void> {
    const { decoys } = this.#options.investigation;
    if (this.#closed || this.#first.has(root) || this.#coverage.state(root)?.missing) return;
    await decoys.plant(root);
    this.#first.begin(root);
  }

  /** Everything else goes on meanwhile; what came or changed since it was begun is judged by its events, and afterwards by comparing. */
  async #make(root: string, onProgress: (counts: Readonly<TreeCounts>) => void): Promise<void> {
    const { log } = this.#options.investigation;
    const { programs, differs } = await createBaseline(this.#compareOptions(root), async (counts) => {
      onProgress(counts);
      await this.#options.pace?.();
    });
    this.#begun.set(root, performance.now());
    this.#coverage.compared(root);
    log.info("baseline made", { root, programs });
    await this.#work(async () => {
      if (this.#unsure.delete(root) || differs) await this.#recheck(root, false);
      await this.#options.keeper.fill(root);
    });
  }

  #compareOptions(root: string): CompareOptions {
    const { db, decoys, log, maxBytes } = this.#options.investigation;
    return {
      db,
      root,
      maxBytes,
      log,
      skip: this.#options.roots.skippedNow,
      signal: this.#stop.signal,
      ignore: async (path) =>
        (await decoys.get(path)) !== null || (await isOwnWork(this.#options.investigation.db, path)),
    };
  }

  #schedule(): void {
    const { config } = this.#options.investigation;
    this.#timer = setTimeout(async () => {
      await this.#work(() => this.#options.keeper.tidy());
      for (const root of this.#pending.keys())
        await this.#work(async () => {
          await this.#recheck(root, true);
          if (await this.#options.politeness.mayWork("recheck")) await this.#options.keeper.fill(root);
        });
      if (!this.#closed) this.#schedule();
    }, config.agent.recheckSeconds * 1000);
  }

  #work(work: () => Promise<void>): Promise<void> {
    const { investigation, serial } = this.#options;
    return serial
      .run(async () => {
        if (!this.#closed) await work();
      })
      .catch((error: Error) => {
        if (!this.#closed) investigation.log.error("work on files failed", { why: error.message });
      });
  }

  /**
   * Work on changes when its turn comes. What was told of decoys before the baseline was made tells of their planting, unless they are
   * not as they were planted.
   */
  #workOn(
    root: string,
    changes: Changes,
    work: (changes: Changes, at: number) => Promise<void>,
  ): Promise<void> {
    const at = Date.now();
    const told = performance.now();
    return this.#work(async () => {
      const first = this.#first.has(root);
      if (first) this.#unsure.add(root);
      if (!first && told > (this.#begun.get(root) ?? 0)) return work(changes, at);
      const { decoys } = this.#options.investigation;
      const touched = await decoys.touched(root);
      const planted = new Set((await decoys.of(root)).map(({ path }) => path));
      return work(new Map([...changes].filter(([path]) => !planted.has(path) || touched.includes(path))), at);
    });
  }

  #complete(root: string, paths: readonly string[]): void {
    const waiting = this.#finished.get(root);
    if (waiting) {
      for (const path of paths) waiting.add(path);
      return;
    }
    this.#finished.set(root, new Set(paths));
    this.#work(async () => {
      const all = this.#finished.get(root) ?? [];
      this.#finished.delete(root);
      // What is known to be bad does not stay as it is.
      await refuseAll(this.#options.investigation, root, [...all]);
      for (const path of all) await this.#lookAt(root, path);
    });
  }

  /** A file is complete: what is clear by itself need not wait. */
  async #lookAt(root: string, path: string): Promise<void> {
    const { investigator } = this.#options;
    const pending = this.#pending.get(root);
    // In the middle of a burst there is no first look at all of it; what is clear by itself is judged nevertheless.
    if (!pending?.isBurst || !pending.has(path) || !(await investigator.isUrgent(path))) return;
    // With what came a moment before: it may be what wrote it.
    await this.#settle(root, pending.latest(TOGETHER), Date.now(), true);
  }

  /** A few changes: if they are clear by themselves they are judged now, else they wait until the root is quiet. */
  async #firstLook(root: string, changes: Changes, at: number): Promise<void> {
    const { db, decoys } = this.#options.investigation;
    const paths = [...changes.keys()];
    const program = await db
      .selectFrom("file")
      .select("path")
      .where("path", "in", paths)
      .where("program", "=", 1)
      .executeTakeFirst();
    const known = program !== undefined || (await decoys.of(root)).some(({ path }) => changes.has(path));
    if (known) await this.#settle(root, changes, at, true);
  }

  /** @param at when the changes were told, milliseconds since 1970 */
  async #settle(root: string, changes: Changes, at: number, early = false): Promise<void> {
    const now = new Map<string, Writer | null>();
    const own = await ownWork(this.#options.investigation.db);
    const later: string[] = [];
    for (const [path, writer] of changes) {
      if (basename(path).startsWith(TEMPORARY_PREFIX) && (await factsAt(path).catch(() => null)) === null)
        continue;
      if (this.#options.roots.of(path) !== root) continue;
      // What is not there lies on a file system that is not mounted; what is there is judged.
      if (this.#coverage.isAway(root, path) && (await factsAt(path).catch(() => null)) === null) continue;
      if (own(path)) later.push(path);
      else now.set(path, writer ?? this.#pending.get(root)?.writerOf(path) ?? null);
    }
    if (!early) this.requeue(root, later);
    if (now.size === 0) return;
    const told = { at, waited: this.#waited.get(root) ?? new Set<string>() };
    const again = await this.#options.investigator.settle(root, now, told, early);
    if (early) return;
    this.#waited.set(root, new Set(again));
    if (again.length > 0) {
      // What changed before them is told before they wait again.
      await this.#watch?.check();
      this.requeue(root, again);
    }
    for (const path of again) now.delete(path);
    await this.#options.keeper.take(root, now.keys());
  }

  /** Compares a root with its baseline. @param counting whether a change that no event told of is a lost event */
  async #recheck(root: string, counting: boolean): Promise<void> {
    const { db, decoys } = this.#options.investigation;
    const began = performance.now();
    const at = Date.now();
    await this.#watch?.check();
    if (!(await hasBaseline(db, root))) {
      if (this.#first.has(root)) this.#unsure.add(root);
      else await this.#begin(root);
      return;
    }
    if (this.#coverage.state(root)?.missing) return;
    const { different } = await compareWithBaseline(this.#compareOptions(root));
    const touched = await decoys.touched(root);
    const pending = this.#pending.get(root);
    const fresh = [...different, ...touched].filter((path) => !pending?.has(path));
    if (counting && this.#coverage.blind(root) === null)
      this.#coverage.countLost(await this.#unannounced(fresh));
    // What waits already may have come together with what was found now.
    if (fresh.length > 0 && pending?.isWaiting) pending.again(fresh);
    else if (fresh.length > 0) await this.#settle(root, new Map(fresh.map((path) => [path, null])), at);
    this.#coverage.compared(root);
    this.#last.set(root, { ended: performance.now(), took: performance.now() - began });
  }

  async #unannounced(paths: readonly string[]): Promise<number> {
    let count = 0;
    for (const path of paths) {
      const facts = await factsAt(path).catch(() => null);
      if (!facts || Date.now() - Number(facts.ctimeNs / 1_000_000n) < LATE) continue;
      const member = await this.#options.investigation.db
        .selectFrom("case_member")
        .select("path")
        .where("path", "=", path)
        .executeTakeFirst();
      if (!member) count++;
    }
    return count;
  }

  /** What a person should know of how far the watch is. */
  notices(): string[] {
    return this.#first.notices();
  }

  requeue(root: string, paths: Iterable<string>): void {
    this.#pending.get(root)?.again(paths);
  }

  async health(): Promise<{
    watched: string[];
    files: number;
    lostEvents: number;
    blind: string | null;
    coverage: CoverageView;
  }> {
    // All of them are programs; asking for that would read every row, which are long.
    const row = await this.#options.investigation.db
      .selectFrom("file")
      .select((eb) => eb.fn.countAll<number>().as("files"))
      .executeTakeFirstOrThrow();
    const blind = this.#options.roots.all.flatMap((root) => this.#coverage.blind(root) ?? []);
    return {
      watched: this.#options.roots.all.slice(0, 256),
      files: Number(row.files),
      lostEvents: this.#coverage.lost,
      blind: blind.length > 0 ? blind.join("; ") : null,
      coverage: this.#coverage.view(),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop.abort();
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#blindTimer) clearInterval(this.#blindTimer);
    for (const pending of this.#pending.values()) pending.close();
    await this.#first.idle();
    await this.#watch?.close();
  }
}
