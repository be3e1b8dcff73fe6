import { newId, ThymusError } from "@thymus/contracts";
import { z } from "zod";
import { bootId } from "../../processes/proc-files.ts";
import type { Database } from "../../state/open.ts";
import type { Member } from "./freeze.ts";
import { stillStopped } from "./freeze.ts";

const Members = z.array(
  z.object({
    pid: z.number(),
    start: z.number(),
    exe: z.string().nullable(),
    cmdline: z.array(z.string()),
    cgroup: z.string().nullable(),
  }),
);
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

  /** Written down before the first signal is sent: nothing is ever stopped and forgotten. */
  async begin(why: string, program: string, members: readonly Member[]): Promise<string> {
    const id = newId("stop");
    await this.#db
      .insertInto("stopped_tree")
      .values({
        ...{ id, at: new Date().toISOString(), state: "suspended", why, program, boot: this.#boot },
        ...{ processes: JSON.stringify(members), files: "[]" },
      })
      .execute();
    return id;
  }

  async set(
    id: string,
    values: {
      state?: StoppedTree["state"];
      processes?: readonly Member[];
      files?: readonly FileOutcome[];
    },
  ): Promise<void> {
    await this.#db
      .updateTable("stopped_tree")
      .set({
        ...(values.state ? { state: values.state } : {}),
        ...(values.processes ? { processes: JSON.stringify(values.processes) } : {}),
        ...(values.files ? { files: JSON.stringify(values.files) } : {}),
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
