import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileIdentity, type FileType, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { durably, failpoint, TEMPORARY_PREFIX, writeFileAtomic } from "@thymus/store";
import type { Selectable } from "kysely";
import { identityOf } from "../files/identity.ts";
import { type FileFacts, factsAt, readRegular, sameFile, sha256Of } from "../files/regular.ts";
import { baselineRow, unchangedSince } from "../monitors/baseline.ts";
import type { Vault } from "../quarantine/vault.ts";
import type { Database } from "../state/open.ts";
import type { CopyTable } from "../state/schema.ts";
import { outdated } from "./versions.ts";

export interface CopiesOptions {
  readonly db: Database;
  /** DIR/agent/copies */
  readonly folder: string;
  readonly vault: Vault;
  /** Folders whose files are copied, by their real paths. None: nothing is. */
  readonly folders: readonly string[];
  /** Most bytes of all sealed copies together, and of one file. */
  readonly maxBytes: number;
  readonly maxFileBytes: number;
  /** Whether a content is one that a rule finds. */
  readonly suspect: (bytes: Uint8Array, type: FileType, sha256: string) => boolean;
}

/** A clean content that a path had once. */
export interface Copy {
  readonly path: string;
  readonly sha256: string;
  readonly identity: FileIdentity;
  /** When it was taken. */
  readonly at: string;
}

export type Taken = "kept" | "same" | "not-accepted" | "suspect" | "too-large" | "full" | "not-covered";

/**
 * Copies of accepted files in folders that the owner chose: sealed, each content once, bounded. What is overwritten later goes
 * back from here. The newest copy of a path is never given up for another path's; older ones are.
 */
export class Copies {
  readonly #options: CopiesOptions;

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  get folders(): readonly string[] {
    return this.#options.folders;
  }

  #file(sha256: string): string {
    return join(this.#options.folder, `${sha256}.age`);
  }

  #covers(path: string): boolean {
    const own = basename(path).startsWith(TEMPORARY_PREFIX);
    return (
      !own && this.#options.folders.some((folder) => path.startsWith(folder === "/" ? "/" : `${folder}/`))
    );
  }

  /** Keeps a file as it is now, where it is what the baseline accepted and no rule finds it. */
  async take(path: string): Promise<Taken> {
    const { db, maxFileBytes, suspect, vault } = this.#options;
    if (!this.#covers(path)) return "not-covered";
    const facts = await factsAt(path);
    if (facts === null || facts.size === 0) return "not-covered";
    const [newest] = await this.#rows(path);
    if (newest && sameFacts(newest, facts)) return "same";
    const accepted = await baselineRow(db, path);
    if (!accepted || !unchangedSince(accepted, facts)) return "not-accepted";
    if (facts.size > maxFileBytes) return "too-large";
    const content = await readRegular(path, maxFileBytes);
    if (!content?.whole || !sameFile(content.facts, facts)) return "not-accepted";
    const sha256 = sha256Of(content.bytes);
    if (accepted.sha256 !== null && accepted.sha256 !== sha256) return "not-accepted";
    const type = identifyFile(content.bytes, basename(path));
    if (suspect(content.bytes, type, sha256)) return "suspect";
    const identity = identityOf(path, path, content.facts);
    const known = await this.#sealed(sha256);
    if (known === null) {
      await failpoint("agent.copy.before-seal");
      const sealed = await vault.seal(content.bytes);
      if (!(await this.#makeRoom(sealed.length))) return "full";
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      await writeFileAtomic(this.#file(sha256), sealed);
      await failpoint("agent.copy.before-record");
      await this.#record(path, sha256, identity, facts, sealed.length);
    } else await this.#record(path, sha256, identity, facts, known);
    for (const old of outdated(await this.#rows(path), Date.now())) await this.#drop(old);
    return "kept";
  }

  async #record(
    path: string,
    sha256: string,
    identity: FileIdentity,
    facts: FileFacts,
    sealed: number,
  ): Promise<void> {
    const values = {
      size: facts.size,
      mtime_ns: String(facts.mtimeNs),
      ctime_ns: String(facts.ctimeNs),
      file: JSON.stringify(identity),
      at: new Date().toISOString(),
    };
    await durably(this.#options.db, () =>
      this.#options.db.transaction().execute(async (trx) => {
        await trx
          .insertInto("copy_content")
          .values({ sha256, sealed })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await trx
          .insertInto("copy")
          .values({ path, sha256, ...values })
          .onConflict((conflict) => conflict.columns(["path", "sha256"]).doUpdateSet(values))
          .execute();
      }),
    );
  }

  /** Copies of a path, the newest first. */
  async of(path: string): Promise<Copy[]> {
    return (await this.#rows(path)).map((row) => ({
      path,
      sha256: row.sha256,
      identity: parseJsonDocument(FileIdentity, row.file, "identity of a copied file"),
      at: row.at,
    }));
  }

  /** Paths at or below one that have copies. */
  async below(top: string): Promise<string[]> {
    const rows = await this.#options.db
      .selectFrom("copy")
      .select("path")
      .distinct()
      .where((eb) =>
        eb.or([eb("path", "=", top), eb.and([eb("path", ">=", `${top}/`), eb("path", "<", `${top}0`)])]),
      )
      .orderBy("path")
      .execute();
    return rows.map((row) => row.path);
  }

  /** The bytes of a copy. @throws ThymusError QUARANTINE_DAMAGED where they are not what was kept */
  async bytes({ path, sha256 }: Copy): Promise<Buffer> {
    const hint = "restore the file from a backup";
    let plain: Uint8Array;
    try {
      plain = await this.#options.vault.open(await readFile(this.#file(sha256)));
    } catch (cause) {
      const why = (cause as Error).message;
      throw new ThymusError("QUARANTINE_DAMAGED", `the copy of ${path} cannot be opened: ${why}`, hint, {
        cause,
      });
    }
    if (sha256Of(plain) === sha256) return Buffer.from(plain);
    throw new ThymusError("QUARANTINE_DAMAGED", `the copy of ${path} is not what was kept`, hint);
  }

  /** Removes sealed files that no copy needs: left by a crash between two steps. */
  async sweep(): Promise<void> {
    const { db, folder } = this.#options;
    const rows = await db.selectFrom("copy_content").select("sha256").execute();
    const wanted = new Set(rows.map(({ sha256 }) => `${sha256}.age`));
    for (const name of await readdir(folder).catch(() => []))
      if (!wanted.has(name)) await rm(join(folder, name), { force: true });
  }

  /** Bytes of all sealed copies. */
  async used(): Promise<number> {
    const row = await this.#options.db
      .selectFrom("copy_content")
      .select((eb) => eb.fn.sum<number>("sealed").as("used"))
      .executeTakeFirst();
    return Number(row?.used ?? 0);
  }

  #rows(path: string): Promise<Selectable<CopyTable>[]> {
    return this.#options.db
      .selectFrom("copy")
      .selectAll()
      .where("path", "=", path)
      .orderBy("at", "desc")
      .execute();
  }

  async #sealed(sha256: string): Promise<number | null> {
    const row = await this.#options.db
      .selectFrom("copy_content")
      .select("sealed")
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    return row?.sealed ?? null;
  }

  /** Gives up older copies, the oldest first, until so many bytes fit. @returns false where that is not enough */
  async #makeRoom(bytes: number): Promise<boolean> {
    const { db, maxBytes } = this.#options;
    let used = await this.used();
    if (used + bytes <= maxBytes) return true;
    const rows = await db.selectFrom("copy").selectAll().orderBy("at", "desc").execute();
    const seen = new Set<string>();
    const older = rows.filter(({ path }) => seen.size === seen.add(path).size);
    for (const row of older.reverse()) {
      await this.#drop(row);
      used = await this.used();
      if (used + bytes <= maxBytes) return true;
    }
    return false;
  }

  async #drop({ path, sha256 }: Selectable<CopyTable>): Promise<void> {
    const last = await this.#options.db.transaction().execute(async (trx) => {
      await trx.deleteFrom("copy").where("path", "=", path).where("sha256", "=", sha256).execute();
      const other = await trx
        .selectFrom("copy")
        .select("path")
        .where("sha256", "=", sha256)
        .executeTakeFirst();
      if (other) return false;
      await trx.deleteFrom("copy_content").where("sha256", "=", sha256).execute();
      return true;
    });
    await failpoint("agent.copy.before-drop");
    if (last) await rm(this.#file(sha256), { force: true });
  }
}

function sameFacts(row: Selectable<CopyTable>, facts: FileFacts): boolean {
  return (
    row.size === facts.size &&
    row.mtime_ns === String(facts.mtimeNs) &&
    row.ctime_ns === String(facts.ctimeNs)
  );
}
