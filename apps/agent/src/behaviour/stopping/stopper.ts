import type { Config, Logger } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { Timeline } from "../../link/timeline.ts";
import { chainOf, treeOf } from "../../processes/lineage.ts";
import type { Processes } from "../../processes/processes.ts";
import type { Known } from "../../processes/table.ts";
import type { Serial } from "../../state/serial.ts";
import type { Exempt } from "../exempt.ts";
import { explain, type Judgement } from "../judgement.ts";
import { Pending } from "../pending.ts";
import { openProcessCase, type ProcessCaseOptions, programPath } from "../process-case.ts";
import type { Tree } from "../trees.ts";
import { BegunStops } from "./begun.ts";
import { endAll, freezeTree, haltAtOnce, type Member, memberOf, stillStopped } from "./freeze.ts";
import { StoppedTrees } from "./records.ts";
import { rootsToStop } from "./roots.ts";
import { type Done, merged, type UndoOptions, undo } from "./undo.ts";
import { touchesOf, workNow, workOf } from "./work.ts";

export interface StopperOptions extends UndoOptions {
  /** DIR/agent */
  readonly dataDir: string;
  readonly cases: ProcessCaseOptions;
  readonly config: Config;
  readonly exempt: Exempt;
  readonly log: Logger;
  readonly processes: Processes;
  readonly serial: Serial;
  readonly timeline: Timeline;
}

/** Milliseconds in which what a stopped tree did last is still told of. */
const LATE = 400;
/** Members with whom a record begins. */
const RECORDED = 256;

/** Stops process trees, writes down which, and brings back what they changed. */
export class Stopper {
  readonly #options: StopperOptions;
  readonly trees: StoppedTrees;
  readonly #work = new Pending();
  readonly #begun: BegunStops;

  constructor(options: StopperOptions) {
    this.#options = options;
    this.trees = new StoppedTrees(options.context.db);
    this.#begun = new BegunStops(options.dataDir);
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
    const { config, context, exempt, processes, timeline } = this.#options;
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
    const ending = config.agent.behaviour.mode === "end";
    const first = tree.stopped === null;
    const begun = this.trees.describe(why, program, this.#members(roots), workNow(tree, ending));
    const id = tree.stopped ?? begun.id;
    // What is stopped must not be forgotten: what can be read after a crash is there before the first signal.
    if (first) this.#begun.write(begun);
    const spare = (each: Known) => !exempt.mayStop(each);
    for (const root of roots) haltAtOnce(root, processes, spare);
    tree.stopped = id;
    await failpoint("agent.stop.halted");
    const work = await workOf(tree, ending);
    if (first) {
      await this.trees.begin({ ...begun, work });
      this.#begun.remove(id);
    } else await this.trees.set(id, { work });
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
   * After a restart: goes on where a crash ended the agent. What a suspended tree started while it was being stopped stands still with
   * it, and belongs to its record, so that a person can let all of it go on. What was to be ended is ended, and what was to be brought back
   * is brought back, also if the machine was started anew since.
   */
  async recover(): Promise<void> {
    const { exempt, processes, serial } = this.#options;
    for (const begun of this.#begun.all()) {
      await this.trees.begin(begun);
      this.#begun.remove(begun.id);
    }
    const unfinished = new Map((await this.trees.unfinished()).map(({ id, work }) => [id, work]));
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
      if (unfinished.get(id)?.ending) await this.#end(id, [...found.values()]);
    }
    for (const [id, work] of unfinished) {
      const touched = touchesOf(work, (path) => this.#options.isKnown(new Map(), path, work.first));
      const done = { first: work.first, touched, decoys: new Set(work.decoys) };
      await serial
        .run(() => this.#bringBack(id, done, true))
        .catch((error: Error) =>
          this.#options.log.error("what a stopped process tree changed cannot be brought back", {
            id,
            why: error.message,
          }),
        );
    }
  }

  async #end(id: string, members: readonly Member[]): Promise<void> {
    endAll(members);
    await this.trees.set(id, { state: "ended" });
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
    await failpoint("agent.stop.frozen");
    if (ending) await this.#end(id, members);
    // The last changes are told of a moment after they were made.
    await new Promise((resolve) => setTimeout(resolve, LATE));
    await this.trees.set(id, { work: await workOf(tree, ending) });
    await failpoint("agent.stop.before-back");
    await serial.run(() => this.#bringBack(id, takeOver(tree)));
  }

  async #bringBack(id: string, done: Done, again = false): Promise<void> {
    const { context, timeline } = this.#options;
    const now = await undo({ ...this.#options, again }, done);
    const { files } = await this.trees.get(id);
    await failpoint("agent.stop.back");
    await this.trees.set(id, { files: merged(files, now), work: null });
    if (now.length === 0 && done.decoys.size === 0) return;
    const back = now.filter(({ result }) => result === "back").length;
    const lost = now.filter(({ result }) => result === "lost" || result === "gone");
    await timeline.note(
      context.db,
      null,
      `${back} document${back === 1 ? "" : "s"} that ${id} had changed ${back === 1 ? "is" : "are"} back${lost.length > 0 ? `; of ${lost.length} no copy is kept, e.g. ${lost[0]!.path}` : ""}`,
    );
  }
}

/** What a tree did until now. What is dealt with tells nothing of what others of the same session do from now on. */
function takeOver(tree: Tree): Done {
  const done = { first: tree.first, touched: new Map(tree.touched), decoys: new Set(tree.decoys) };
  tree.touched.clear();
  tree.decoys.clear();
  tree.judgedDecoys = 0;
  tree.first = Date.now();
  tree.count = 0;
  tree.judged = 0;
  return done;
}
