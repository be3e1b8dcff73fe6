import { newId, ThymusError } from "@thymus/contracts";
import { z } from "zod";
import { bootId } from "../../processes/proc-files.ts";
import type { Database } from "../../state/open.ts";
import type { Begun } from "./begun.ts";
import { type Member, Members, stillStopped } from "./freeze.ts";
import { Work } from "./work.ts";

const Files = z.array(z.object({ path: z.string(), result: z.string(), why: z.string().nullable() }));
export type FileOutcome = z.infer<typeof Files>[number];

/** A process tree that was stopped. */
export interface StoppedTree {
  readonly id: string;
  readonly at: string;
  /** `gone`: it was suspended, and none of it runs any more. */
  readonly state: "suspended" | "ended" | "resumed" | "gone";
  readonly why: string;
  /** The program that all of it ran for. */
  readonly program: string;
  readonly processes: readonly Member[];
  /** What it changed, and what became of that. */
  readonly files: readonly FileOutcome[];
}

/** The stopped trees of this machine, in agent.db: they outlive a restart of the agent. */
export class StoppedTrees {
  readonly #db: Database;
  readonly #boot = bootId();

  constructor(db: Database) {
    this.#db = db;
  }

  /** A stop that begins now, with all that is to be done about it. */
  describe(why: string, program: string, members: readonly Member[], work: Work): Begun {
    const at = new Date().toISOString();
    return { id: newId("stop"), at, why, program, boot: this.#boot, processes: [...members], work };
  }

  /** Takes a stop into the database; once more it changes nothing. */
  async begin({ id, at, why, program, boot, processes, work }: Begun): Promise<void> {
    await this.#db
      .insertInto("stopped_tree")
      .values({
        ...{ id, at, state: "suspended", why, program, boot },
        ...{ processes: JSON.stringify(processes), files: "[]", work: JSON.stringify(work) },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Stops with which something is still to be done, the oldest first. */
  async unfinished(): Promise<{ id: string; work: Work }[]> {
    const rows = await this.#db
      .selectFrom("stopped_tree")
      .select(["id", "work"])
      .where("work", "is not", null)
      .orderBy("at")
      .execute();
    return rows.map(({ id, work }) => ({ id, work: Work.parse(JSON.parse(work!)) }));
  }

  async set(
    id: string,
    values: {
      state?: StoppedTree["state"];
      processes?: readonly Member[];
      files?: readonly FileOutcome[];
      /** Null: nothing is left to be done. */
      work?: Work | null;
    },
  ): Promise<void> {
    await this.#db
      .updateTable("stopped_tree")
      .set({
        ...(values.state ? { state: values.state } : {}),
        ...(values.processes ? { processes: JSON.stringify(values.processes) } : {}),
        ...(values.files ? { files: JSON.stringify(values.files) } : {}),
        ...(values.work !== undefined ? { work: values.work && JSON.stringify(values.work) } : {}),
      })
      .where("id", "=", id)
      .execute();
  }

  /** Newest first. A suspended tree of which nothing is left is told as gone. */
  async list(): Promise<StoppedTree[]> {
    const rows = await this.#db
      .selectFrom("stopped_tree")
      .selectAll()
      .orderBy("at", "desc")
      .limit(1000)
      .execute();
    return rows.map((row) => {
      const processes = Members.parse(JSON.parse(row.processes));
      const left = row.boot === this.#boot && stillStopped(processes).length > 0;
      const state = row.state === "suspended" && !left ? "gone" : row.state;
      const files = Files.parse(JSON.parse(row.files));
      return { id: row.id, at: row.at, why: row.why, program: row.program, state, processes, files };
    });
  }

  /** @throws ThymusError NOT_FOUND */
  async get(id: string): Promise<StoppedTree> {
    const found = (await this.list()).find((tree) => tree.id === id);
    if (found) return found;
    throw new ThymusError("NOT_FOUND", `no process tree ${id} was stopped`, "see: thymus processes list");
  }

  /** Processes that a person let go on: these are not judged again. */
  async pardoned(
    processes: readonly { readonly pid: number; readonly start: number | null }[],
  ): Promise<boolean> {
    const rows = await this.#db
      .selectFrom("stopped_tree")
      .select(["processes"])
      .where("state", "=", "resumed")
      .where("boot", "=", this.#boot)
      .execute();
    const resumed = new Set(
      rows.flatMap((row) =>
        Members.parse(JSON.parse(row.processes)).map(({ pid, start }) => `${pid}:${start}`),
      ),
    );
    return processes.some(({ pid, start }) => resumed.has(`${pid}:${start}`));
  }
}
