import type { Config, Logger } from "@thymus/contracts";
import type { Timeline } from "../../link/timeline.ts";
import { chainOf, treeOf } from "../../processes/lineage.ts";
import type { Processes } from "../../processes/processes.ts";
import type { Known } from "../../processes/table.ts";
import type { Serial } from "../../state/serial.ts";
import type { Look } from "../content/look.ts";
import type { DocumentDecoys } from "../decoys/document-decoys.ts";
import { changesOf } from "../evidence.ts";
import type { Exempt } from "../exempt.ts";
import { explain, type Judgement } from "../judgement.ts";
import { Pending } from "../pending.ts";
import { openProcessCase, type ProcessCaseOptions, programPath } from "../process-case.ts";
import type { Tree } from "../trees.ts";
import { endAll, freezeTree, haltAtOnce, type Member, memberOf, stillStopped } from "./freeze.ts";
import { bringBack, type GiveBackOptions, takeAway } from "./give-back.ts";
import { harmOf } from "./harm.ts";
import { type FileOutcome, StoppedTrees } from "./records.ts";
import { rootsToStop } from "./roots.ts";

export interface StopperOptions extends GiveBackOptions {
  readonly cases: ProcessCaseOptions;
  readonly config: Config;
  readonly decoys: DocumentDecoys;
  readonly exempt: Exempt;
  readonly log: Logger;
  /** Whether a file was there before a tree came, or another wrote it. */
  readonly isKnown: (tree: Tree, path: string) => Promise<boolean>;
  readonly lookBefore: (path: string, before: number) => Promise<Look | null>;
  readonly processes: Processes;
  readonly serial: Serial;
  readonly timeline: Timeline;
}

/** Milliseconds in which what a stopped tree did last is still told of. */
const LATE = 400;
/** Milliseconds that a signal waits for its record: what is stopped must not be forgotten, but nor may it go on. */
const RECORD = 50;
/** Members with whom a record begins. */
const RECORDED = 256;

/** Stops process trees, writes down which, and brings back what they changed. */
export class Stopper {
  readonly #options: StopperOptions;
  readonly trees: StoppedTrees;
  readonly #work = new Pending();

  constructor(options: StopperOptions) {
    this.#options = options;
    this.trees = new StoppedTrees(options.context.db);
  }

  /**
   * Stops what did harm, if it may be stopped. Resolves as soon as the first signals are sent; the rest goes on behind.
   * @returns what became of it: `spared` is what may not be stopped, `pardoned` what a person let go on, with what that started
   */
  async stop(
    tree: Tree,
    harmful: readonly Known[],
    judgement: Judgement,
  ): Promise<"stopped" | "spared" | "pardoned"> {
    const { context, exempt, processes, timeline } = this.#options;
    const lineage = [...new Set(harmful.flatMap(chainOf))];
    if (await this.trees.pardoned(lineage.map((each) => ({ pid: each.pid, start: processes.startOf(each) }))))
      return "pardoned";
    const roots = rootsToStop(harmful, exempt.mayStop);
    const why = explain(judgement);
    if (roots.length === 0) {
      if (!tree.told)
        await timeline.note(
          context.db,
          null,
          `a process that is never stopped, or has ended, is suspect: ${why}`,
        );
      tree.told = true;
      return "spared";
    }
    const program = programPath(harmful[0]!) ?? harmful[0]!.image.exe ?? "unknown";
    const known = this.#members(roots);
    const first = tree.stopped === null;
    const recorded = first ? this.trees.begin(why, program, known) : Promise.resolve(tree.stopped!);
    await Promise.race([recorded, new Promise((resolve) => setTimeout(resolve, RECORD))]);
    const spare = (each: Known) => !exempt.mayStop(each);
    for (const root of roots) haltAtOnce(root, processes, spare);
    const id = await recorded;
    tree.stopped = id;
    const rest = this.#finish(id, tree, roots, harmful, judgement, first).catch((error: Error) =>
      this.#options.log.error("a stopped process tree cannot be dealt with to the end", {
        id,
        why: error.message,
      }),
    );
    this.#work.add(rest);
    return "stopped";
  }

  /** All that the table knows of these trees, with whom a record begins: most of them are stopped at once. */
  #members(roots: readonly Known[]): Member[] {
    const { exempt, processes } = this.#options;
    const all = new Set(roots.flatMap((root) => treeOf(root, processes.table.running())));
    const stoppable = [...all].filter((each) => roots.includes(each) || exempt.mayStop(each));
    return stoppable.slice(0, RECORDED).map((each) => memberOf(each, processes.startOf(each) ?? 0));
  }

  /**
   * After a restart: what a suspended tree started while the agent ended in the middle of stopping it stands still with it, and belongs
   * to its record, so that a person can let all of it go on.
   */
  async recover(): Promise<void> {
    const { exempt, processes } = this.#options;
    for (const { id, state, processes: members } of await this.trees.list()) {
      if (state !== "suspended") continue;
      const found = new Map(members.map((each) => [`${each.pid}:${each.start}`, each]));
      for (const { pid, start } of stillStopped(members)) {
        const root = processes.find(pid);
        if (!root || processes.startOf(root) !== start) continue;
        const frozen = await freezeTree(root, processes, (each) => !exempt.mayStop(each));
        for (const each of frozen.members) found.set(`${each.pid}:${each.start}`, each);
      }
      if (found.size > members.length) await this.trees.set(id, { processes: [...found.values()] });
    }
  }

  /** Resolves once nothing is left to do. */
  async idle(): Promise<void> {
    await this.#work.idle();
  }

  async #finish(
    id: string,
    tree: Tree,
    roots: readonly Known[],
    harmful: readonly Known[],
    judgement: Judgement,
    first: boolean,
  ): Promise<void> {
    const { cases, config, context, exempt, processes, serial, timeline } = this.#options;
    const spare = (each: Known) => !exempt.mayStop(each);
    const earlier = (await this.trees.get(id)).processes;
    const found = new Map(earlier.map((each) => [`${each.pid}:${each.start}`, each]));
    let written: Promise<void> = Promise.resolve();
    const onFound = (more: readonly Member[]) => {
      for (const each of more) found.set(`${each.pid}:${each.start}`, each);
      const all = [...found.values()];
      written = written.then(() => this.trees.set(id, { processes: all }));
      written.catch(() => {});
    };
    const frozen = await Promise.all(roots.map((root) => freezeTree(root, processes, spare, onFound)));
    const members = frozen.flatMap((each) => each.members);
    await written;
    const still = frozen.every((each) => each.still);
    const ending = config.agent.behaviour.mode === "end";
    const verb = ending ? "ended" : "suspended";
    if (first) {
      const names = `${members.length} process${members.length === 1 ? "" : "es"} of ${members[0]?.exe ?? "a program"}`;
      const how = ending ? "" : `; see: thymus processes show ${id}`;
      const caution = still ? "" : ", some of which still run";
      await timeline.note(
        context.db,
        null,
        `${verb} ${names}${caution} (${id}): ${explain(judgement)}${how}`,
      );
      await openProcessCase(cases, harmful[0]!, judgement);
    }
    if (ending) {
      endAll(members);
      await this.trees.set(id, { state: "ended" });
    }
    // The last changes are told of a moment after they were made.
    await new Promise((resolve) => setTimeout(resolve, LATE));
    if (!first) return;
    await serial.run(() => this.#bringBack(id, tree));
    // What was dealt with tells nothing of what others of the same session do from now on.
    tree.touched.clear();
    tree.decoys.clear();
    tree.judgedDecoys = 0;
  }

  async #bringBack(id: string, tree: Tree): Promise<void> {
    const { context, decoys, isKnown, lookBefore, timeline } = this.#options;
    const { documents, renamed } = await changesOf([...tree.touched.values()], {
      ...{ first: tree.first, lookBefore },
      isKnown: (path) => isKnown(tree, path),
    });
    const { harmed, instead } = harmOf(documents, (path) => tree.touched.has(path));
    const outcomes: FileOutcome[] = [];
    const given = new Set<string>(tree.decoys);
    const left = (path: string, result: string, why: string) => outcomes.push({ path, result, why });
    for (const { path, fate } of documents) {
      if (decoys.has(path) || fate === "created") continue;
      if (harmed.has(path)) {
        const outcome = await bringBack(this.#options, path, tree.first);
        outcomes.push(outcome);
        if (outcome.result === "back") given.add(path);
      } else if (fate === "gone") left(path, "left", "removed, and no file of noise took its place");
      else left(path, "left", "written to, and can still be read");
    }
    for (const path of tree.decoys) await decoys.restore(path);
    for (const { path, fate } of documents) {
      if (fate !== "created") continue;
      const standsFor = instead.get(path);
      const taken =
        standsFor !== undefined && given.has(standsFor) ? await takeAway(this.#options, path) : null;
      outcomes.push(taken ?? { path, result: "new", why: "written by the tree, left where it is" });
    }
    for (const path of renamed) left(path, "left", "the same file under another name");
    const back = outcomes.filter(({ result }) => result === "back").length;
    await this.trees.set(id, { files: outcomes });
    if (outcomes.length === 0 && tree.decoys.size === 0) return;
    const lost = outcomes.filter(({ result }) => result === "lost" || result === "gone");
    await timeline.note(
      context.db,
      null,
      `${back} document${back === 1 ? "" : "s"} that ${id} had changed ${back === 1 ? "is" : "are"} back${lost.length > 0 ? `; of ${lost.length} no copy is kept, e.g. ${lost[0]!.path}` : ""}`,
    );
  }
}
