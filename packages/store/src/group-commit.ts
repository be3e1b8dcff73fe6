import { setImmediate } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { durably } from "./database.ts";

/** Pieces of work in one transaction: more would make the others of this process wait for long. */
const MOST = 64;
/** Turns of the event loop that a commit waits, as long as each brings more. */
const TURNS = 16;

interface Piece<DB> {
  readonly durable: boolean;
  /** Does the work within the transaction. @returns how to tell who waits, once that was committed */
  run(trx: Kysely<DB>): Promise<() => void>;
  fail(error: unknown): void;
}

/**
 * Commits what several callers write at the same time as one transaction, so that they wait for the disk once. Each piece is a
 * savepoint of its own: one that throws takes back what it wrote itself, and nothing of the others.
 */
export class GroupCommit<DB> {
  readonly #db: Kysely<DB>;
  #waiting: Piece<DB>[] = [];
  #running = false;

  constructor(db: Kysely<DB>) {
    this.#db = db;
  }

  /** Resolves once the piece is committed. Within it, only the given transaction may be used. */
  run<T>(work: (trx: Kysely<DB>) => Promise<T>): Promise<T> {
    return this.#add(work, false);
  }

  /** Resolves once the piece survives a power cut, too. */
  durable<T>(work: (trx: Kysely<DB>) => Promise<T>): Promise<T> {
    return this.#add(work, true);
  }

  #add<T>(work: (trx: Kysely<DB>) => Promise<T>, durable: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        durable,
        run: async (trx) => {
          const value = await work(trx);
          return () => resolve(value);
        },
        fail: reject,
      });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // A commit holds up this thread: whoever is about to write gets a few turns to come along.
      for (let turn = 0, before = 0; turn < TURNS && before < this.#waiting.length; turn++) {
        before = this.#waiting.length;
        await setImmediate();
      }
      await this.#commit(this.#waiting.splice(0, MOST));
    }
    this.#running = false;
  }

  async #commit(pieces: readonly Piece<DB>[]): Promise<void> {
    const told: (() => void)[] = [];
    let cause: unknown = null;
    const all = () =>
      this.#db.transaction().execute(async (trx) => {
        for (const piece of pieces) {
          await sql`savepoint piece`.execute(trx);
          try {
            told.push(await piece.run(trx));
          } catch (error) {
            // A full disk has ended the whole transaction already: then that is what all are told.
            await sql`rollback to piece`.execute(trx).catch(() => {
              cause = error;
              throw error;
            });
            told.push(() => piece.fail(error));
          }
          await sql`release piece`.execute(trx);
        }
      });
    try {
      await (pieces.some(({ durable }) => durable) ? durably(this.#db, all) : all());
    } catch (error) {
      // Nothing at all was written: also who would have failed is told of that.
      for (const piece of pieces) piece.fail(cause ?? error);
      return;
    }
    for (const tell of told) tell();
  }
}

const groups = new WeakMap<object, unknown>();

/** The one group of a database: whoever writes through it at the same time waits together. */
export function groupCommit<DB>(db: Kysely<DB>): GroupCommit<DB> {
  const known = groups.get(db) as GroupCommit<DB> | undefined;
  if (known) return known;
  const made = new GroupCommit(db);
  groups.set(db, made);
  return made;
}
