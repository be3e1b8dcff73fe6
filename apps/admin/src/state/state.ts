import { createQueue, type Queue } from "@thymus/jobs";
import { failpoint } from "@thymus/store";
import type { Kysely, Transaction } from "kysely";
import { Hub, type Notice } from "./hub.ts";
import type { AdminDatabase } from "./schema.ts";

/** One change of the server's state: everything in it becomes true together, and is told only then. */
export interface Change {
  readonly db: Transaction<AdminDatabase>;
  readonly queue: Queue;
  /** Milliseconds since 1970, the same throughout the change. */
  readonly now: number;
  /** What listeners hear once the change is durable. */
  tell(notice: Notice): void;
  /** Done once the change is durable; must be repeatable, since a kill may come in between. */
  afterwards(work: () => Promise<void>): void;
  /** The number of the change as machines see it: rises by one in each change that asks for it. */
  revise(): Promise<number>;
}

/** The database of the admin server with its one way to change it. */
export class State {
  readonly db: Kysely<AdminDatabase>;
  readonly hub = new Hub();
  readonly now: () => number;

  constructor(db: Kysely<AdminDatabase>, now: () => number = Date.now) {
    this.db = db;
    this.now = now;
  }

  /** Runs the work in one transaction; afterwards tells the listeners. */
  async change<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const notices: Notice[] = [];
    const later: (() => Promise<void>)[] = [];
    const result = await this.db.transaction().execute(async (db) => {
      const now = this.now();
      let revision: number | null = null;
      const done = await work({
        db,
        now,
        queue: createQueue(db, this.now),
        tell: (notice) => void notices.push(notice),
        afterwards: (task) => void later.push(task),
        revise: async () => {
          revision ??= await nextRevision(db);
          if (!notices.some((notice) => notice.type === "revision")) notices.push({ type: "revision" });
          return revision;
        },
      });
      await failpoint("admin.change.before-commit");
      return done;
    });
    for (const notice of notices) this.hub.tell(notice);
    for (const task of later) await task();
    return result;
  }

  async revision(): Promise<number> {
    return Number((await readMeta(this.db, "revision")) ?? 0);
  }
}

/** Settings and counters that are one text each. */
export async function readMeta(db: Kysely<AdminDatabase>, key: string): Promise<string | null> {
  const row = await db.selectFrom("meta").select("value").where("key", "=", key).executeTakeFirst();
  return row?.value ?? null;
}

export async function writeMeta(db: Kysely<AdminDatabase>, key: string, value: string): Promise<void> {
  await db
    .insertInto("meta")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
}

async function nextRevision(db: Kysely<AdminDatabase>): Promise<number> {
  const next = Number((await readMeta(db, "revision")) ?? 0) + 1;
  await writeMeta(db, "revision", String(next));
  return next;
}
