import { randomBytes } from "node:crypto";
import { ThymusError } from "@thymus/contracts";
import { type Kysely, sql } from "kysely";
import type { JobsDatabase } from "./schema.ts";

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly key: string;
  readonly payload: unknown;
  /** Shown again by whoever holds the job; another one's lease is refused. */
  readonly lease: string;
  /** How often it was claimed, this time included. */
  readonly attempts: number;
}

export interface EnqueueOptions {
  /** Claims after which it is no longer given out (default 5). */
  readonly maxAttempts?: number;
}

export interface FailOptions {
  /** Seconds until the next try; default: doubles from 2 s with each attempt, at most 10 minutes. */
  readonly retryAfterSeconds?: number;
}

export interface Queue {
  /** @returns false where (kind, key) was there already: then nothing changes. Higher priorities come first. */
  enqueue(
    kind: string,
    key: string,
    payload: unknown,
    priority?: number,
    options?: EnqueueOptions,
  ): Promise<boolean>;
  /** The most urgent job that nobody holds, or null. */
  claim(kinds: readonly string[], leaseSeconds: number): Promise<Job | null>;
  /** @throws ThymusError CONFLICT where the lease is no longer this one */
  renew(id: number, lease: string, leaseSeconds: number): Promise<void>;
  /** @throws ThymusError CONFLICT where the lease is no longer this one */
  complete(id: number, lease: string): Promise<void>;
  /** Gives the job back with its reason. @throws ThymusError CONFLICT where the lease is no longer this one */
  fail(id: number, lease: string, why: string, options?: FailOptions): Promise<void>;
  /** Makes a waiting job more urgent; never less. */
  raise(kind: string, key: string, priority: number): Promise<void>;
  /**
   * Takes every lease away. Only for the single process that may work on this queue, at its start: what held them
   * before is gone.
   */
  release(kinds: readonly string[]): Promise<void>;
  /** The job of a key, whoever holds it. `held` is true while a live lease is on it. */
  find(kind: string, key: string): Promise<JobStatus | null>;
  /** Ends a job without its lease, because its reason is gone. */
  withdraw(kind: string, key: string): Promise<void>;
  /** Removes every trace, so that the key may be enqueued anew. */
  forget(kind: string, key: string): Promise<void>;
  /** Jobs that were tried as often as allowed and are held by nobody. */
  exhausted(kinds: readonly string[]): Promise<{ kind: string; key: string; why: string | null }[]>;
  /** Jobs that wait or are held, not those that are done. */
  depth(kinds?: readonly string[]): Promise<number>;
}

export interface JobStatus {
  readonly id: number;
  readonly state: "waiting" | "done";
  readonly lease: string | null;
  readonly held: boolean;
  readonly attempts: number;
}

/**
 * A durable queue over the given database or transaction.
 * @param now milliseconds since 1970
 */
export function createQueue<DB extends JobsDatabase>(database: Kysely<DB>, now = () => Date.now()): Queue {
  const db = database as unknown as Kysely<JobsDatabase>;
  const held = (id: number, lease: string) =>
    db.updateTable("job").where("id", "=", id).where("lease", "=", lease).where("state", "=", "waiting");
  const changed = (rows: bigint, id: number) => {
    if (rows === 0n) {
      throw new ThymusError("CONFLICT", `job ${id} is no longer yours`, "its lease ran out: claim again");
    }
  };

  return {
    async enqueue(kind, key, payload, priority = 0, options = {}) {
      const result = await db
        .insertInto("job")
        .values({
          kind,
          key,
          payload: JSON.stringify(payload ?? null),
          priority,
          state: "waiting",
          attempts: 0,
          max_attempts: options.maxAttempts ?? 5,
          run_at: 0,
          lease: null,
          lease_until: 0,
          last_error: null,
        })
        .onConflict((conflict) => conflict.columns(["kind", "key"]).doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },

    async claim(kinds, leaseSeconds) {
      if (kinds.length === 0) return null;
      const lease = randomBytes(16).toString("hex");
      const time = now();
      const result = await sql<{ id: number; kind: string; key: string; payload: string; attempts: number }>`
        update job set lease = ${lease}, lease_until = ${time + leaseSeconds * 1000}, attempts = attempts + 1
        where id = (
          select id from job
          where state = 'waiting' and kind in (${sql.join(kinds)}) and run_at <= ${time}
            and (lease is null or lease_until <= ${time}) and attempts < max_attempts
          order by priority desc, id limit 1)
        returning id, kind, key, payload, attempts`.execute(db);
      const row = result.rows[0];
      return row ? { ...row, payload: JSON.parse(row.payload) as unknown, lease } : null;
    },

    async renew(id, lease, leaseSeconds) {
      const result = await held(id, lease)
        .set({ lease_until: now() + leaseSeconds * 1000 })
        .executeTakeFirst();
      changed(result.numUpdatedRows, id);
    },

    async complete(id, lease) {
      const result = await held(id, lease)
        .set({ state: "done", lease: null, last_error: null })
        .executeTakeFirst();
      changed(result.numUpdatedRows, id);
    },

    async fail(id, lease, why, options = {}) {
      const row = await db.selectFrom("job").select("attempts").where("id", "=", id).executeTakeFirst();
      const backoff = Math.min(2 ** (row?.attempts ?? 1), 600);
      const result = await held(id, lease)
        .set({
          lease: null,
          lease_until: 0,
          run_at: now() + (options.retryAfterSeconds ?? backoff) * 1000,
          last_error: why.slice(0, 2048),
        })
        .executeTakeFirst();
      changed(result.numUpdatedRows, id);
    },

    async raise(kind, key, priority) {
      await db
        .updateTable("job")
        .set({ priority })
        .where("kind", "=", kind)
        .where("key", "=", key)
        .where("priority", "<", priority)
        .execute();
    },

    async release(kinds) {
      await db
        .updateTable("job")
        .set({ lease: null, lease_until: 0, run_at: 0 })
        .where("kind", "in", kinds)
        .where("state", "=", "waiting")
        .execute();
    },

    async find(kind, key) {
      const row = await db
        .selectFrom("job")
        .select(["id", "state", "lease", "lease_until", "attempts"])
        .where("kind", "=", kind)
        .where("key", "=", key)
        .executeTakeFirst();
      if (!row) return null;
      const { id, state, lease, attempts } = row;
      return { id, state, lease, attempts, held: lease !== null && row.lease_until > now() };
    },

    async withdraw(kind, key) {
      await db
        .updateTable("job")
        .set({ state: "done", lease: null })
        .where("kind", "=", kind)
        .where("key", "=", key)
        .execute();
    },

    async forget(kind, key) {
      await db.deleteFrom("job").where("kind", "=", kind).where("key", "=", key).execute();
    },

    async exhausted(kinds) {
      if (kinds.length === 0) return [];
      return db
        .selectFrom("job")
        .select(["kind", "key", "last_error as why"])
        .where("state", "=", "waiting")
        .where("kind", "in", kinds)
        .whereRef("attempts", ">=", "max_attempts")
        .where((where) => where.or([where("lease", "is", null), where("lease_until", "<=", now())]))
        .orderBy("id")
        .execute();
    },

    async depth(kinds) {
      let query = db
        .selectFrom("job")
        .select((select) => select.fn.countAll<number>().as("jobs"))
        .where("state", "=", "waiting");
      if (kinds) query = query.where("kind", "in", kinds);
      return (await query.executeTakeFirstOrThrow()).jobs;
    },
  };
}
