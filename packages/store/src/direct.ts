import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** SQLITE_BUSY: somebody else writes. */
const BUSY = 5;

export interface DirectOptions {
  readonly readOnly: boolean;
  /** Milliseconds that a transaction waits for another writer, and its thread with it. */
  readonly patience: number;
}

/**
 * A synchronous connection to a database that `openDatabase` has made, for a thread that moves many rows: no promises, prepared
 * statements, rows as arrays. It knows no schema and changes none.
 */
export class DirectDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string, { readOnly, patience }: DirectOptions) {
    this.#db = new DatabaseSync(file, { readOnly, timeout: patience });
    if (!readOnly) this.#db.exec("pragma synchronous = normal");
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }

  all<Row extends readonly unknown[]>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values) as unknown as Row[];
  }

  /** Rows one after the other, so that not all must be held. */
  *each<Row extends readonly unknown[]>(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    for (const row of this.#statement(sql).iterate(...values)) yield row as unknown as Row;
  }

  get<Row extends readonly unknown[]>(sql: string, ...values: SQLInputValue[]): Row | null {
    return (this.#statement(sql).get(...values) as unknown as Row | undefined) ?? null;
  }

  /** @returns number of rows that changed */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** Reads of one moment: without it each asks for its locks anew, which costs more than a short read itself. */
  snapshot<T>(read: () => T): T {
    this.#db.exec("begin");
    try {
      return read();
    } finally {
      this.#db.exec("commit");
    }
  }

  /** Does some changes as one. @returns false where another writer was in the way: then nothing was done */
  transaction(work: () => void): boolean {
    try {
      this.#db.exec("begin immediate");
    } catch (error) {
      if (((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY) return false;
      throw error;
    }
    try {
      work();
      this.#db.exec("commit");
      return true;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("rollback");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}
