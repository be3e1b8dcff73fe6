import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { ThymusError } from "@thymus/contracts";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from "kysely";

/** Distinct statements that stay prepared; the apps have a few dozen. */
const MAX_PREPARED = 256;

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) for which we know what to do. */
const hints: Readonly<Record<number, string>> = {
  5: "another process holds the database: end it, or try again",
  8: "make the data folder writable for this user",
  10: "check the disk",
  11: "the file is damaged: restore it from a backup",
  13: "free some space on the disk",
  14: "check that the folder exists and belongs to this user",
  26: "the file is no SQLite database: move it away",
};

/** Turns an error of node:sqlite into one that a person can act on. */
export function storeError(thrown: unknown, what: string): ThymusError {
  if (thrown instanceof ThymusError) return thrown;
  const { errcode, message } = thrown as { errcode?: number; message?: string };
  const hint = hints[(errcode ?? 0) & 0xff] ?? "report it with the log of this program";
  return new ThymusError("STORE_FAILED", `${what}: ${message ?? String(thrown)}`, hint, { cause: thrown });
}

/** The few methods that Kysely asks of a SQLite library, on node:sqlite. */
class NodeSqlite implements SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, SqliteStatement>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = guard(() => wrap(this.#db.prepare(sql)));
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
    this.#prepared.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#prepared.clear();
    this.#db.close();
  }
}

function wrap(statement: StatementSync): SqliteStatement {
  const bind = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guard(() => statement.all(...bind(parameters))),
    run: (parameters) => guard(() => statement.run(...bind(parameters))),
    iterate: (parameters) => guard(() => statement.iterate(...bind(parameters))),
  };
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error, "the database refused a statement");
  }
}

/** Milliseconds after which a statement that waits for another connection's write gives up. */
const MAX_WAIT = 10_000;

/**
 * Waits for another writer without holding up this process's event loop, on which that very writer may depend.
 * Only SQLITE_BUSY is tried again: nothing of the statement was done then.
 */
class PatientConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const started = performance.now();
    for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
      try {
        return await this.#connection.executeQuery<R>(query);
      } catch (error) {
        const { errcode } = ((error as Error).cause ?? {}) as { errcode?: number };
        if (((errcode ?? 0) & 0xff) !== 5 || performance.now() - started > MAX_WAIT) throw error;
        await setTimeout(pause * (0.5 + Math.random()));
      }
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}

/**
 * Begins every transaction as a writer: a transaction that reads first and writes later would otherwise fail at once,
 * without any waiting, when another process wrote in between.
 */
class ImmediateDriver extends SqliteDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection());
  }
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

/** Kysely's SQLite dialect over node:sqlite. */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;
  constructor(db: DatabaseSync) {
    const database = new NodeSqlite(db);
    super({ database });
    this.#database = database;
  }
  override createDriver(): Driver {
    return new ImmediateDriver({ database: this.#database });
  }
}
