import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type CaseId,
  FileIdentity,
  type PrescriptionId,
  parseJsonDocument,
  QuarantineEntry,
  type QuarantineId,
  ThymusError,
} from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import type { Selectable } from "kysely";
import { sha256Of } from "../files/regular.ts";
import type { Database } from "../state/open.ts";
import type { QuarantineTable } from "../state/schema.ts";
import type { Vault } from "./vault.ts";

export interface QuarantineOptions {
  readonly db: Database;
  /** DIR/agent/quarantine */
  readonly folder: string;
  readonly vault: Vault;
  /** Most bytes of all sealed originals together. */
  readonly maxBytes: number;
}

export interface Kept {
  readonly id: QuarantineId;
  readonly identity: FileIdentity;
  readonly sha256: string;
  readonly sealed: number;
  readonly why: string;
  readonly case: CaseId | null;
  readonly prescription: PrescriptionId | null;
}

/** The originals that the agent took out of action, sealed, each with everything needed to bring it back identical. */
export class Quarantine {
  readonly #options: QuarantineOptions;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  #file(id: string): string {
    return join(this.#options.folder, `${id}.age`);
  }

  /**
   * Seals some bytes to disk. The entry exists only once `record` has put it into the same transaction as what it is for.
   * @returns bytes of the sealed file
   * @throws ThymusError TOO_LARGE where agent.quarantineBytes would be exceeded: nothing may then be done to the file
   */
  async store(id: QuarantineId, bytes: Uint8Array): Promise<number> {
    const sealed = await this.#options.vault.seal(bytes);
    const { used } = await this.usage();
    if (used + sealed.length > this.#options.maxBytes)
      throw new ThymusError(
        "TOO_LARGE",
        `the quarantine is full: ${used} of ${this.#options.maxBytes} bytes are used`,
        "delete entries with `thymus quarantine delete`, or raise agent.quarantineBytes",
      );
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#file(id), sealed);
    return sealed.length;
  }

  async record(db: Database, kept: Kept): Promise<void> {
    await db
      .insertInto("quarantine")
      .values({
        id: kept.id,
        sha256: kept.sha256,
        sealed: kept.sealed,
        file: JSON.stringify(kept.identity),
        at: new Date().toISOString(),
        why: kept.why,
        case_id: kept.case,
        prescription: kept.prescription,
        state: "held",
        replaced_by: null,
      })
      .execute();
  }

  async usage(): Promise<{ used: number; entries: number }> {
    const rows = await this.#options.db
      .selectFrom("quarantine")
      .select("sealed")
      .where("state", "in", ["held", "repaired"])
      .execute();
    return { used: rows.reduce((sum, row) => sum + row.sealed, 0), entries: rows.length };
  }

  /** Newest first. */
  async list(): Promise<QuarantineEntry[]> {
    const rows = await this.#options.db
      .selectFrom("quarantine")
      .selectAll()
      .orderBy("at", "desc")
      .orderBy("id")
      .execute();
    return rows.map(toEntry);
  }

  /** @throws ThymusError NOT_FOUND */
  async row(id: string): Promise<Selectable<QuarantineTable>> {
    const row = await this.#options.db
      .selectFrom("quarantine")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (!row) throw new ThymusError("NOT_FOUND", `no quarantine entry ${id}`, "see `thymus quarantine list`");
    return row;
  }

  async show(id: string): Promise<QuarantineEntry> {
    return toEntry(await this.row(id));
  }

  /** The original bytes. @throws ThymusError QUARANTINE_DAMAGED where they are not what was put in */
  async bytes(id: string): Promise<Buffer> {
    const row = await this.row(id);
    if (row.state === "deleted" || row.state === "restored")
      throw new ThymusError("NOT_FOUND", `${id} was ${row.state}`, "its original is no longer kept");
    let plain: Uint8Array;
    try {
      plain = await this.#options.vault.open(await readFile(this.#file(id)));
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
    await this.row(id);
    await this.#options.db
      .updateTable("quarantine")
      .set({ state: "deleted" })
      .where("id", "=", id)
      .where("state", "!=", "restored")
      .execute();
    await this.dropSealed(id);
    return this.show(id);
  }

  async dropSealed(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
  }

  /** Removes sealed files that no entry needs: left by a crash between two steps. */
  async sweep(): Promise<void> {
    const rows = await this.#options.db
      .selectFrom("quarantine")
      .select("id")
      .where("state", "in", ["held", "repaired"])
      .execute();
    const wanted = new Set(rows.map((row) => `${row.id}.age`));
    const present = await readdir(this.#options.folder).catch(() => []);
    for (const name of present)
      if (!wanted.has(name)) await rm(join(this.#options.folder, name), { force: true });
  }
}

function toEntry(row: Selectable<QuarantineTable>): QuarantineEntry {
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
