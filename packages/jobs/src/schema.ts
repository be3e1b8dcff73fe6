import type { Migration } from "@thymus/store";
import { type Generated, sql } from "kysely";

/** One job. Times are milliseconds since 1970; `payload` is JSON text; `lease` is null while nobody holds it. */
export interface JobTable {
  id: Generated<number>;
  kind: string;
  key: string;
  payload: string;
  priority: number;
  state: "waiting" | "done";
  attempts: number;
  max_attempts: number;
  run_at: number;
  lease: string | null;
  lease_until: number;
  last_error: string | null;
}

/** What a database must have among its tables to carry a queue. */
export interface JobsDatabase {
  job: JobTable;
}

/** Makes the queue's table. */
export const jobsMigration: Migration = {
  name: "jobs-001",
  async up(db) {
    await sql`create table job (
      id integer primary key,
      kind text not null,
      key text not null,
      payload text not null,
      priority real not null,
      state text not null check (state in ('waiting', 'done')),
      attempts integer not null,
      max_attempts integer not null,
      run_at integer not null,
      lease text,
      lease_until integer not null,
      last_error text,
      unique (kind, key)
    ) strict`.execute(db);
    await sql`create index job_next on job (kind, priority desc, id) where state = 'waiting'`.execute(db);
  },
};
