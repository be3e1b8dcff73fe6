import { lstatSync } from "node:fs";
import { realpath } from "node:fs/promises";
import type { Copies } from "../copies/copies.ts";
import type { Roots } from "../files/roots.ts";
import { baselineRow } from "../monitors/baseline.ts";
import { Processes } from "../processes/processes.ts";
import type { Known } from "../processes/table.ts";
import { type Look, lookAt } from "./content/look.ts";
import { DocumentDecoys } from "./decoys/document-decoys.ts";
import { Tending } from "./decoys/tending.ts";
import { gatherFacts } from "./evidence.ts";
import { Exempt } from "./exempt.ts";
import type { Facts, PersistenceChange } from "./facts.ts";
import { explain, type Judgement, judge } from "./judgement.ts";
import { longLook, shortLook } from "./look-at-process.ts";
import { Pending } from "./pending.ts";
import { type PersistenceWatch, watchPersistence } from "./persistence/watch.ts";
import { placeOf } from "./places.ts";
import { openProcessCase, type ProcessCaseOptions } from "./process-case.ts";
import { ProcessWatch } from "./process-watch.ts";
import { wasOf } from "./renamed.ts";
import type { GiveBackOptions } from "./stopping/give-back.ts";
import { Stopper, type StopperOptions } from "./stopping/stopper.ts";
import { type Before, isDue, type Tree, Trees } from "./trees.ts";

export interface BehaviourOptions
  extends ProcessCaseOptions,
    Pick<GiveBackOptions, "context" | "paths">,
    Pick<StopperOptions, "serial"> {
  readonly copies: Copies;
  /** DIR/agent */
  readonly dataDir: string;
  readonly roots: Roots;
  /** Only in tests: another process is taken for the agent. */
  readonly own?: number;
}

/** A change as the watch tells it. */
export interface SeenChange {
  readonly path: string;
  readonly writer: { readonly pid: number; readonly exe: string | null } | null;
}

/** A question of the answering process (guard/): may this tree open its next document? */
export interface WriterAsk {
  readonly path: string;
  readonly pid: number;
  readonly files: readonly string[];
  /** Of each of these files, the last process that changed it. */
  readonly writers: readonly number[];
  readonly key: string;
  readonly decoy: boolean;
}

/** Score from which a tree is stopped; a suspicion is told from agent.threshold on. */
export const STOP_FROM = 0.8;
const NOTHING = { tree: [], documents: [], changed: 0, decoys: [], infected: [], persistence: [] } as const;
/** Writers of files outside of document folders that are remembered. */
const WRITERS = 10_000;
/** Milliseconds by which the clock of files may be behind. */
const TICK = 10;
/** Milliseconds after which a tree that a person let go on is not held any more. */
const RELEASE_ROUND = 1000;

/** What running programs do to this machine: notices, judges, stops, brings back. */
export class Behaviour {
  readonly processes: Processes;
  readonly decoys: DocumentDecoys;
  readonly exempt: Exempt;
  readonly stopper: Stopper;
  readonly #options: BehaviourOptions;
  readonly #trees: Trees;
  readonly #watch: ProcessWatch;
  readonly #tending: Tending;
  readonly #writers = new Map<string, Known>();
  readonly #judging = new Map<Tree, Promise<boolean>>();
  /** Names that the answering process has for what it refuses, by the record of the stop. */
  readonly #held = new Map<string, Set<string>>();
  #folders: readonly string[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #work = new Pending();
  readonly #own: number;
  #places: PersistenceWatch | null = null;
  #suspended = 0;
  #closed = false;

  constructor(options: BehaviourOptions) {
    const { config, context, copies, log, paths, roots, serial, timeline } = options;
    this.#options = options;
    this.#own = options.own ?? process.pid;
    this.exempt = new Exempt(this.#own);
    this.decoys = new DocumentDecoys({ db: context.db, log, skip: roots.skip });
    this.#tending = new Tending({
      decoys: this.decoys,
      later: (work) => this.#later(work),
      onTouched: (path, state) => this.#touched(path, state),
      onPlanted: () => this.onDecoys([...this.decoys.paths]),
    });
    this.processes = new Processes({ log, onExec: (known) => this.#watch.started(known) });
    this.#watch = new ProcessWatch({
      ...{ processes: this.processes, threshold: config.agent.threshold, log },
      onSuspect: (known, judgement) => this.#suspect(known, judgement),
    });
    this.#trees = new Trees(this.exempt.isBorder, (path) => this.#before(path));
    this.stopper = new Stopper({
      isKnown: async (own, path, before) => this.#isOthers(own, path) || (await this.#isKnown(path, before)),
      dataDir: options.dataDir,
      lookBefore: (path, before) => this.#lookBefore(path, before),
      ...{ cases: options, config, decoys: this.decoys, exempt: this.exempt, log, serial, timeline },
      ...{ processes: this.processes, context, copies, paths, rootOf: (path) => roots.of(path) },
    });
  }

  /** A tree that a person let go on; the answering process shall forget what it did. */
  onRelease: (key: string) => void = () => {};

  /** There are other decoys than before; the answering process shall know them. */
  onDecoys: (paths: readonly string[]) => void = () => {};

  /** What the answering process shall guard, once this was started; null where nothing is. */
  guarded(): {
    folders: readonly string[];
    files: number;
    decoys: readonly string[];
    deadlineMs: number;
  } | null {
    const { behaviour, onAccess } = this.#options.config.agent;
    if (behaviour.mode === "off" || this.#folders.length === 0) return null;
    return {
      ...{ folders: this.#folders, files: behaviour.files, decoys: [...this.decoys.paths] },
      deadlineMs: onAccess.deadlineMs,
    };
  }

  /** Plants the decoys, then watches processes. */
  async start(): Promise<void> {
    const { config, log } = this.#options;
    if (config.agent.behaviour.mode === "off") {
      // What was begun before it was switched off is not left half done.
      await this.stopper.recover();
      return this.#count();
    }
    this.#folders = await Promise.all(
      config.agent.behaviour.documents.map((path) => realpath(path).catch(() => path)),
    );
    await this.#tending.start(this.#folders);
    await this.processes.start();
    await this.stopper.recover();
    this.#watch.start();
    this.#places = watchPersistence(log, (path, pid) => {
      // Within watched folders they are seen anyway.
      if (this.#options.roots.of(path) === null) this.changed([{ path, writer: { pid, exe: null } }]);
    });
    await this.#count();
    const timer = setInterval(() => this.#later(() => this.#release()), RELEASE_ROUND);
    timer.unref();
    this.#timers.push(timer);
    log.info("running programs are watched", {
      processes: this.processes.table.size,
      documents: this.#folders,
      mode: config.agent.behaviour.mode,
    });
  }

  #later(work: () => Promise<void>): void {
    const done = work().catch((error: Error) =>
      this.#options.log.error("behaviour could not be judged", { why: error.message }),
    );
    this.#work.add(done);
  }

  #isDocument(path: string): boolean {
    return this.#folders.some((folder) => path.startsWith(`${folder}/`));
  }

  async #before(path: string): Promise<Before> {
    const { copies, db } = this.#options;
    if (this.decoys.has(path)) return { known: true };
    const row = await baselineRow(db, path);
    const [copy] = await copies.of(path);
    return { known: row !== null || copy !== undefined, was: wasOf(row, copy) };
  }

  /** Whether a file was there before an instant: what a tree makes becomes known itself, once it is quiet. */
  async #isKnown(path: string, before: number): Promise<boolean> {
    if (this.decoys.has(path)) return true;
    const row = await baselineRow(this.#options.db, path);
    if (row && Number(BigInt(row.ctime_ns) / 1_000_000n) < before) return true;
    return (await this.#options.copies.of(path)).some(({ at }) => Date.parse(at) < before);
  }

  /** Whether another tree wrote a file: it takes the place of nothing that this one removed. @param own what this one touched */
  #isOthers(own: ReadonlyMap<string, unknown>, path: string): boolean {
    return !own.has(path) && this.#trees.all().some(({ touched }) => touched.has(path));
  }

  /** What a document looked like before an instant, by its copy. */
  async #lookBefore(path: string, before: number): Promise<Look | null> {
    const { copies } = this.#options;
    const copy = (await copies.of(path)).find(({ at }) => Date.parse(at) < before);
    return copy ? lookAt(await copies.bytes(copy)) : null;
  }

  /** Changes that the watch saw, with who made them. */
  changed(changes: readonly SeenChange[]): void {
    if (this.#closed || this.#options.config.agent.behaviour.mode === "off") return;
    const due = new Map<Tree, Known>();
    const placed = new Map<Known, PersistenceChange[]>();
    for (const { path, writer } of changes) {
      const document = this.#isDocument(path);
      if (document) this.#tending.changed(path);
      if (!writer || (writer.pid === this.#own && this.decoys.has(path))) continue;
      const known = this.processes.find(writer.pid);
      if (!known) continue;
      if (!document) {
        this.#remember(path, known);
        const place = placeOf(path);
        if (place) placed.set(known, [...(placed.get(known) ?? []), { path, place }]);
        continue;
      }
      const tree = this.#note(known, path);
      if (isDue(tree, this.#options.config.agent.behaviour.files)) due.set(tree, known);
    }
    for (const [known, persistence] of placed) this.#settled(known, persistence);
    for (const [tree, known] of due) this.#later(async () => void (await this.#judge(tree, known)));
  }

  /** Something that runs by itself later was changed by this process. */
  #settled(known: Known, persistence: readonly PersistenceChange[]): void {
    const subject = longLook(known);
    const judgement = judge({ ...NOTHING, subject, persistence });
    if (judgement.score >= this.#options.config.agent.threshold) this.#suspect(known, judgement);
  }

  #remember(path: string, known: Known): void {
    this.#writers.delete(path);
    this.#writers.set(path, known);
    if (this.#writers.size > WRITERS) this.#writers.delete(this.#writers.keys().next().value!);
  }

  #note(known: Known, path: string, there = false): Tree {
    return this.#noteIn(this.#trees.of(known, Date.now()), known, path, there);
  }

  #noteIn(tree: Tree, writer: Known, path: string, there: boolean): Tree {
    if (this.decoys.has(path)) tree.decoys.add(path);
    this.#trees.note(tree, writer, path, there);
    return tree;
  }

  /** May this tree go on? What it did so far decides; whoever asks too late is let through by the answering process. */
  async onAsk(ask: WriterAsk): Promise<"allow" | "deny"> {
    const known = this.#closed ? null : this.processes.find(ask.pid);
    if (!known) return "allow";
    const tree = this.#trees.of(known, Date.now());
    for (const [index, path] of ask.files.entries()) {
      const writer = this.processes.find(ask.writers[index] ?? ask.pid) ?? known;
      // It counts those only that were there before.
      this.#noteIn(tree, writer, path, true);
      // The first of them may be long ago, and no event told of it.
      const changed = lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? tree.last;
      tree.first = Math.min(tree.first, changed - TICK);
    }
    const denied = await this.#judge(tree, known);
    if (denied && tree.stopped !== null)
      this.#held.set(tree.stopped, (this.#held.get(tree.stopped) ?? new Set()).add(ask.key));
    return denied ? "deny" : "allow";
  }

  /** One judgement of a tree after the other, each with all that is known by then. @returns whether it must not go on */
  async #judge(tree: Tree, asking: Known): Promise<boolean> {
    const before = this.#judging.get(tree) ?? Promise.resolve(false);
    const judged = before.catch(() => false).then(() => this.#judgeNow(tree, asking));
    this.#judging.set(tree, judged);
    try {
      return await judged;
    } finally {
      if (this.#judging.get(tree) === judged) this.#judging.delete(tree);
    }
  }

  async #judgeNow(tree: Tree, asking: Known): Promise<boolean> {
    tree.judged = tree.count;
    tree.judgedDecoys = tree.decoys.size;
    const { facts, harmful } = await gatherFacts({
      ...{ tree, asking },
      isKnown: async (path, before) =>
        this.#isOthers(tree.touched, path) || (await this.#isKnown(path, before)),
      isSpoilt: (path) => this.decoys.state(path),
      lookBefore: (path, before) => this.#lookBefore(path, before),
    });
    return await this.#act(tree, harmful, facts);
  }

  /** @param cased whether what was done is a case already, whose subject is known better than who wrote it */
  async #act(tree: Tree, harmful: readonly Known[], facts: Facts, cased = false): Promise<boolean> {
    const { config, db, timeline } = this.#options;
    const judgement = judge(facts);
    if (judgement.score < config.agent.threshold) return false;
    const stops = config.agent.behaviour.mode === "suspend" || config.agent.behaviour.mode === "end";
    if (stops && judgement.destroying && judgement.score >= STOP_FROM) {
      const stopped = await this.stopper.stop(tree, harmful, judgement);
      if (stopped === "stopped") await this.#count();
      // What may not be stopped is refused its next document all the same.
      return stopped !== "pardoned";
    }
    if (!tree.told) {
      tree.told = true;
      const would = judgement.destroying && judgement.score >= STOP_FROM;
      if (would)
        await timeline.note(
          db,
          null,
          `would have been stopped (agent.behaviour.mode): ${explain(judgement)}`,
        );
      if (!cased) await openProcessCase(this.#options, harmful[0]!, judgement);
    }
    return false;
  }

  #suspect(known: Known, judgement: Judgement): void {
    this.#later(async () => void (await openProcessCase(this.#options, known, judgement)));
  }

  /** Several programs got the same foreign bytes: whoever wrote them is stopped, where that is known. */
  infected(paths: readonly string[]): void {
    if (this.#closed || this.#options.config.agent.behaviour.mode === "off") return;
    this.#later(() => this.#judgeInfection(paths));
  }

  async #judgeInfection(paths: readonly string[]): Promise<void> {
    const writers = paths.flatMap((path) => this.#writers.get(path) ?? []);
    if (writers.length < 2) return;
    const asking = writers.at(-1)!;
    const facts: Facts = { ...NOTHING, subject: shortLook(asking), changed: paths.length, infected: paths };
    await this.#act(this.#trees.of(asking, Date.now()), [...new Set(writers)], facts, true);
  }

  /** A decoy was touched without anybody seeing by whom. @returns whether it is to be made anew */
  async #touched(path: string, state: "changed" | "gone"): Promise<boolean> {
    const { db, timeline } = this.#options;
    if (this.#trees.all().some((tree) => tree.decoys.has(path) && tree.stopped === null)) return false;
    await timeline.note(
      db,
      null,
      `the decoy ${path} ${state === "gone" ? "was gone" : "had been changed"}, nobody saw by whom; it is there again`,
      state === "gone",
    );
    return true;
  }

  /** The command that lets a tree go on is another process: what it wrote down is looked at here. */
  async #release(): Promise<void> {
    if (this.#suspended === 0 && this.#held.size === 0) return;
    await this.#count();
    const over = new Set(
      (await this.stopper.trees.list()).flatMap(({ id, state }) =>
        state === "resumed" || state === "ended" ? [id] : [],
      ),
    );
    for (const tree of this.#trees.all())
      if (tree.stopped !== null && over.has(tree.stopped)) this.#trees.forget(tree);
    for (const [id, keys] of [...this.#held]) {
      if (!over.has(id)) continue;
      this.#held.delete(id);
      for (const key of keys) this.onRelease(key);
    }
  }

  async #count(): Promise<void> {
    this.#suspended = (await this.stopper.trees.list()).filter(({ state }) => state === "suspended").length;
  }

  /** What a person should know. */
  notices(): string[] {
    const told = this.#options.config.agent.behaviour.mode === "off" ? [] : this.processes.notices();
    if (this.#suspended === 0) return told;
    return [`${this.#suspended} suspended process tree(s) wait for a person: thymus processes list`, ...told];
  }

  /** Resolves once all that was begun is done. */
  async idle(): Promise<void> {
    await this.#work.idle();
    await this.stopper.idle();
  }

  /** Nothing new is judged from here on: what was begun is brought to its end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#tending.close();
    this.#places?.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#watch.close();
    await this.processes.close();
    await this.idle();
  }
}
