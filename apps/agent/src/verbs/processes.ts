import { silentLogger, ThymusError } from "@thymus/contracts";
import { endAll, resumeAll, stillStopped } from "../behaviour/stopping/freeze.ts";
import { type StoppedTree, StoppedTrees } from "../behaviour/stopping/records.ts";
import { Timeline } from "../link/timeline.ts";
import { openAgentDatabase } from "../state/open.ts";
import type { VerbOptions } from "./quarantine.ts";

/** `thymus processes ...`: process trees that the agent stopped; works beside a running agent and without one. */
export interface ProcessVerbs {
  /** Newest first. */
  list(): Promise<StoppedTree[]>;
  /** @throws ThymusError NOT_FOUND */
  show(id: string): Promise<StoppedTree>;
  /**
   * Lets a suspended tree go on, and never judges its processes again. What it had changed stays as it was brought back.
   * @throws ThymusError NOT_FOUND, CONFLICT (it is not suspended), FORBIDDEN (of another user)
   */
  resume(id: string): Promise<StoppedTree>;
  /** Ends a suspended tree. @throws as `resume` */
  end(id: string): Promise<StoppedTree>;
  close(): Promise<void>;
}

/** @throws ThymusError STORE_FAILED */
export async function openProcesses({ dataDir }: Pick<VerbOptions, "dataDir">): Promise<ProcessVerbs> {
  const db = await openAgentDatabase(dataDir);
  const trees = new StoppedTrees(db);
  const timeline = new Timeline(dataDir, silentLogger);

  const act = async (
    id: string,
    state: "resumed" | "ended",
    work: (members: StoppedTree["processes"]) => number,
  ): Promise<StoppedTree> => {
    const tree = await trees.get(id);
    if (tree.state !== "suspended")
      throw new ThymusError(
        "CONFLICT",
        `${id} is ${tree.state}, not suspended`,
        "see: thymus processes list",
      );
    const waiting = stillStopped(tree.processes);
    // Written down first: the agent shall not stop again what a person lets go on.
    await trees.set(id, { state });
    const done = work(waiting);
    if (done < stillStopped(waiting).length) {
      await trees.set(id, { state: "suspended" });
      throw new ThymusError("FORBIDDEN", `the processes of ${id} belong to another user`, "run it as root");
    }
    await timeline.note(db, null, `${state} ${id} (${tree.program}) by hand: ${done} processes`);
    return { ...tree, state };
  };
  return {
    list: () => trees.list(),
    show: (id) => trees.get(id),
    resume: (id) => act(id, "resumed", resumeAll),
    end: (id) => act(id, "ended", endAll),
    close: () => db.destroy(),
  };
}
