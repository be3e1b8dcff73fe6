import type { Config, Prescription } from "@thymus/contracts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";

/** Begins the reason of an outcome whose file was left because the brake holds. */
export const BRAKED = "left as it is until a person agrees";

const approval = (prescription: string) => `approved:${prescription}`;

/**
 * Keeps one wrong rule from taking half a machine away. Whatever a server says: once a prescription has taken away, or changed without
 * this machine knowing the result, `agent.brakeFiles` files, it goes on only after a person of this machine agreed. Files whose clean
 * content the baseline knows are no part of this: there the machine itself has the proof.
 */
export class Brake {
  readonly #db: Database;
  readonly #most: number;

  constructor(db: Database, config: Config) {
    this.#db = db;
    this.#most = config.agent.brakeFiles;
  }

  /** Why one more file may not be touched by it, or null. Exact only within the transaction that touches it. */
  async holds({ id, family }: Prescription, db = this.#db): Promise<string | null> {
    const { taken } = await db
      .selectFrom("quarantine")
      .select((eb) => eb.fn.countAll<number>().as("taken"))
      .where("prescription", "=", id)
      .where("state", "in", ["held", "repaired"])
      .where("unproven", "=", 1)
      .executeTakeFirstOrThrow();
    if (Number(taken) < this.#most || (await readMeta(db, approval(id))) !== null) return null;
    return `${BRAKED}: ${id} (${family}) has taken ${taken} files here, the most that it may unasked; \`thymus quarantine approve ${id}\` lets it go on`;
  }

  /** What waits for a person, for the machine's health. */
  async notices(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom("handled")
      .innerJoin("prescription", "prescription.id", "handled.prescription")
      .select((eb) => ["prescription.id", eb.fn.countAll<number>().as("files")])
      .where("handled.result", "=", "refused")
      .where("handled.why", "like", `${BRAKED}%`)
      .where("prescription.state", "=", "active")
      .groupBy("prescription.id")
      .execute();
    return rows.map(
      ({ id, files }) =>
        `${id} finds ${files} more files than it may take unasked; \`thymus quarantine approve ${id}\` lets it go on, a recall brings back what it took`,
    );
  }
}

/** A person agrees that a prescription goes on beyond the brake; it is carried out anew. */
export async function approveBeyondBrake(db: Database, prescription: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable("prescription")
      .set({ scanned: 0 })
      .where("id", "=", prescription)
      .where("state", "=", "active")
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await writeMeta(trx, approval(prescription), new Date().toISOString());
    return true;
  });
}
