import {
  type CaseId,
  FileIdentity,
  type PrescriptionId,
  parseJsonDocument,
  QuarantineEntry,
  type QuarantineId,
  ThymusError,
} from "@thymus/contracts";
import type { Selectable } from "kysely";
import { sha256Of } from "../files/regular.ts";
import type { Database } from "../state/open.ts";
import type { QuarantineTable } from "../state/schema.ts";
import { type Sealed, SealedObjects, type SealedObjectsOptions } from "./objects.ts";

export interface Kept {
  readonly id: QuarantineId;
  readonly identity: FileIdentity;
  readonly sha256: string;
  readonly sealed: Sealed;
  /** True where nothing that this machine knows shows that it is right to take it. */
  readonly unproven: boolean;
  readonly why: string;
  readonly case: CaseId | null;
  readonly prescription: PrescriptionId | null;
}

/** The originals that the agent took out of action, sealed, each with everything needed to bring it back identical. */
export class Quarantine {
  readonly #db: Database;
  readonly #objects: SealedObjects;
  readonly #maxBytes: number;
  /** Called when an original did not fit, with the reason; and with null once there is room again. */
  onFull: (why: string | null) => void = () => {};

  constructor(options: SealedObjectsOptions) {
    this.#db = options.db;
    this.#objects = new SealedObjects(options);
    this.#maxBytes = options.maxBytes;
  }

  /**
   * Seals some bytes to disk, once for equal contents. The entry exists only once `record` has put it into the same transaction as
   * what it is for.
   * @throws ThymusError TOO_LARGE where agent.quarantineBytes would be exceeded: nothing may then be done to the file
   */
  async store(bytes: Uint8Array, sha256: string): Promise<Sealed> {
    try {
      const sealed = await this.#objects.put(bytes, sha256);
      this.onFull(null);
      return sealed;
    } catch (error) {
      if ((error as { code?: string }).code === "TOO_LARGE") this.onFull((error as Error).message);
      throw error;
    }
  }

  /** @throws ThymusError CONFLICT where the sealed content was removed since `store`: begin anew */
  async record(db: Database, kept: Kept): Promise<void> {
    await db
      .insertInto("quarantine")
      .values({
        id: kept.id,
        sha256: kept.sha256,
        sealed: kept.sealed.bytes,
        file: JSON.stringify(kept.identity),
        at: new Date().toISOString(),
        why: kept.why,
        case_id: kept.case,
        prescription: kept.prescription,
        state: "held",
        replaced_by: null,
        object: kept.sealed.object,
        inode: kept.identity.inode ?? null,
        unproven: kept.unproven ? 1 : 0,
      })
      .execute();
    await this.#objects.keep(db, kept.sealed);
  }

  /** Bytes that all sealed contents take, the limit, and the entries that are kept. */
  async usage(): Promise<{ used: number; most: number; entries: number }> {
    const { entries } = await this.#db
      .selectFrom("quarantine")
      .select((eb) => eb.fn.countAll<number>().as("entries"))
      .where("state", "in", ["held", "repaired"])
      .executeTakeFirstOrThrow();
    return { used: await this.#objects.used(), most: this.#maxBytes, entries: Number(entries) };
  }

  /** Newest first. */
  async list(): Promise<QuarantineEntry[]> {
    const rows = await this.#db
      .selectFrom("quarantine")
      .selectAll()
      .orderBy("at", "desc")
      .orderBy("id")
      .execute();
    return rows.map(toEntry);
  }

  /** @throws ThymusError NOT_FOUND */
  async row(id: string): Promise<Selectable<QuarantineTable>> {
    const row = await this.#db.selectFrom("quarantine").selectAll().where("id", "=", id).executeTakeFirst();
    if (!row) throw new ThymusError("NOT_FOUND", `no quarantine entry ${id}`, "see `thymus quarantine list`");
    return row;
  }

  async show(id: string): Promise<QuarantineEntry> {
    return toEntry(await this.row(id));
  }

  /** The original bytes. @throws ThymusError QUARANTINE_DAMAGED where they are not what was put in */
  async bytes(row: Selectable<QuarantineTable>): Promise<Buffer> {
    const { id } = row;
    if (row.state === "deleted" || row.state === "restored")
      throw new ThymusError("NOT_FOUND", `${id} was ${row.state}`, "its original is no longer kept");
    let plain: Uint8Array;
    try {
      plain = await this.#objects.read(row.object);
    } catch (cause) {
      throw new ThymusError(
        "QUARANTINE_DAMAGED",
        `the sealed original of ${id} cannot be opened: ${(cause as Error).message}`,
        "restore the data folder from a backup",
        { cause },
      );
    }
    if (sha256Of(plain) !== row.sha256)
      throw new ThymusError(
        "QUARANTINE_DAMAGED",
        `the sealed original of ${id} is not what was put in`,
        "restore the data folder from a backup",
      );
    return Buffer.from(plain);
  }

  /** Ends an entry for good: its original cannot be restored afterwards. Deleting it again does nothing. */
  async delete(id: string): Promise<QuarantineEntry> {
    const { object } = await this.row(id);
    await this.#db
      .updateTable("quarantine")
      .set({ state: "deleted" })
      .where("id", "=", id)
      .where("state", "!=", "restored")
      .execute();
    await this.drop(object);
    return this.show(id);
  }

  /** Removes a sealed content that no entry needs any more. */
  drop(...objects: string[]): Promise<void> {
    return this.#objects.drop(objects);
  }

  /** Removes a content that `store` sealed for what did not come about, unless an entry needs it. */
  discard(sealed: Sealed): Promise<void> {
    return this.#objects.discard(sealed);
  }

  /** Removes sealed files that no entry needs: left by a crash between two steps. */
  sweep(): Promise<void> {
    return this.#objects.sweep();
  }
}

export function toEntry(row: Selectable<QuarantineTable>): QuarantineEntry {
  return QuarantineEntry.parse({
    id: row.id,
    sha256: row.sha256,
    file: parseJsonDocument(FileIdentity, row.file, "quarantined file"),
    at: row.at,
    why: row.why,
    case: row.case_id,
    prescription: row.prescription,
    state: row.state,
  });
}
