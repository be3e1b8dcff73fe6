import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileIdentity, type FileType, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { durably, failpoint, TEMPORARY_PREFIX, writeFileAtomic } from "@thymus/store";
import type { Selectable } from "kysely";
import { identityOf } from "../files/identity.ts";
import { type FileFacts, factsAt, isMissing, readWithXattrs, sameFile, sha256Of } from "../files/regular.ts";
import { baselineRow, unchangedSince } from "../monitors/baseline.ts";
import type { Vault } from "../quarantine/vault.ts";
import type { Database } from "../state/open.ts";
import type { CopyTable } from "../state/schema.ts";
import { longGone, noteGone } from "./gone.ts";
import { planRoom } from "./room.ts";
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
  /** Whether a content is one that a rule finds, or may be one. */
  readonly suspect: (bytes: Uint8Array, type: FileType, sha256: string, path: string) => Promise<boolean>;
}

/** A clean content that a path had once. */
export interface Copy {
  readonly path: string;
  readonly sha256: string;
  readonly identity: FileIdentity;
  /** When it was taken. */
  readonly at: string;
}

/** Facts of a file whose content found no room. */
interface Refused extends FileFacts {
  readonly sha256: string;
  readonly sealed: number;
}

/** A file that is to be kept; `content` is null where its content is already. */
interface Prepared {
  readonly path: string;
  readonly sha256: string;
  readonly identity: FileIdentity;
  readonly facts: FileFacts;
  readonly sealed: number;
  readonly content: Uint8Array | null;
}

interface Fresh extends Prepared {
  readonly index: number;
}

/** Files, and bytes of them, that are kept together. */
const TOGETHER = 64;
const BYTES_TOGETHER = 8 << 20;
/** Such files that are remembered. */
const REFUSED = 10_000;

export type Taken = "kept" | "same" | "not-accepted" | "suspect" | "too-large" | "full" | "not-covered";

/**
 * Copies of accepted files in folders that the owner chose: sealed, each content once, bounded. What is overwritten later goes
 * back from here. What is new never pushes out the newest and the settled copy of a path that is still there: where only those are left,
 * it is what is not kept.
 */
export class Copies {
  readonly #options: CopiesOptions;
  /** What was read and found no room, so that it is not read again and again. */
  readonly #refused = new Map<string, Refused>();
  /** The least number of bytes that found no room since anything changed. */
  #noRoom = Number.POSITIVE_INFINITY;

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
    const [taken] = await this.takeAll([path]);
    if (taken instanceof Error) throw taken;
    return taken!;
  }

  /**
   * Keeps files as {@link take} does, some together: to wait for the disk once for each file is what takes longest.
   * @returns of each path what became of it, or why it failed
   */
  async takeAll(paths: readonly string[]): Promise<(Taken | Error)[]> {
    const results: (Taken | Error)[] = [];
    for (let at = 0; at < paths.length; ) {
      const fresh: Fresh[] = [];
      const sealed = new Map<string, number>();
      let bytes = 0;
      for (; at < paths.length && fresh.length < TOGETHER && bytes < BYTES_TOGETHER; at++) {
        const path = paths[at]!;
        const prepared = await this.#prepare(path, sealed, bytes).catch((error: Error) => error);
        results.push(typeof prepared === "string" || prepared instanceof Error ? prepared : "kept");
        if (typeof prepared === "string" || prepared instanceof Error) continue;
        fresh.push({ ...prepared, index: at });
        sealed.set(prepared.sha256, prepared.sealed);
        bytes += prepared.content?.length ?? 0;
      }
      await this.#keep(fresh).catch((error: Error) => {
        for (const { index } of fresh) results[index] = error;
      });
    }
    return results;
  }

  /** All that is to be known of a file before it is kept. @param beside sealed sizes of the contents that are kept together with it */
  async #prepare(
    path: string,
    beside: ReadonlyMap<string, number>,
    waiting: number,
  ): Promise<Taken | Prepared> {
    const { db, maxFileBytes, suspect, vault } = this.#options;
    if (!this.#covers(path)) return "not-covered";
    const facts = await factsAt(path);
    if (facts === null || facts.size === 0) return "not-covered";
    const [newest] = await this.#rows(path);
    if (newest && sameFacts(newest, facts)) return "same";
    const accepted = await baselineRow(db, path);
    if (!accepted || !unchangedSince(accepted, facts)) return "not-accepted";
    if (facts.size > maxFileBytes) return "too-large";
    if (await this.#isRefused(path, facts)) return "full";
    const read = await readWithXattrs(path, maxFileBytes);
    const content = read?.content;
    if (!content?.whole || !sameFile(content.facts, facts)) return "not-accepted";
    const sha256 = sha256Of(content.bytes);
    if (accepted.sha256 !== null && accepted.sha256 !== sha256) return "not-accepted";
    const type = identifyFile(content.bytes, basename(path));
    if (await suspect(content.bytes, type, sha256, path)) return "suspect";
    const identity = identityOf(path, content.facts, read!.xattrs);
    const known = beside.get(sha256) ?? (await this.#sealed(sha256));
    if (known !== null) return { path, sha256, identity, facts, sealed: known, content: null };
    const sealed = await vault.seal(content.bytes);
    const outgoing = await this.#roomFor(sealed.length, waiting);
    if (outgoing === null) {
      this.#refuse(path, { ...facts, sha256, sealed: sealed.length });
      return "full";
    }
    for (const old of outgoing) await this.#drop(old);
    return { path, sha256, identity, facts, sealed: sealed.length, content: sealed };
  }

  /** First the sealed contents, then, in one transaction, that they are there. */
  async #keep(fresh: readonly Fresh[]): Promise<void> {
    if (fresh.length === 0) return;
    const contents = fresh.filter(({ content }) => content !== null);
    if (contents.length > 0) {
      await failpoint("agent.copy.before-seal");
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      await Promise.all(contents.map((each) => writeFileAtomic(this.#file(each.sha256), each.content!)));
      await failpoint("agent.copy.before-record");
    }
    await this.#record(fresh);
    for (const { path } of fresh) {
      this.#refused.delete(path);
      for (const old of outdated(await this.#rows(path), Date.now())) await this.#drop(old);
    }
  }

  async #record(fresh: readonly Prepared[]): Promise<void> {
    await durably(this.#options.db, () =>
      this.#options.db.transaction().execute(async (trx) => {
        for (const { path, sha256, identity, facts, sealed } of fresh) {
          const values = {
            size: facts.size,
            mtime_ns: String(facts.mtimeNs),
            ctime_ns: String(facts.ctimeNs),
            file: JSON.stringify(identity),
            at: new Date().toISOString(),
          };
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
          await trx.deleteFrom("copy_gone").where("path", "=", path).execute();
        }
      }),
    );
    this.#noRoom = Number.POSITIVE_INFINITY;
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

  /** True where an active rule finds a content of a path: also one that was kept before the rule was known. */
  async isSuspect(path: string, bytes: Uint8Array, sha256: string): Promise<boolean> {
    return this.#options.suspect(bytes, identifyFile(bytes, basename(path)), sha256, path);
  }

  /**
   * The first of these copies that no active rule finds, and how many came before it; null where a rule finds them all.
   * @param current a content that is at hand, so that its copy need not be opened
   * @throws ThymusError QUARANTINE_DAMAGED as `bytes`
   */
  async firstClean(
    copies: readonly Copy[],
    current: { readonly sha256: string; readonly bytes: Buffer } | null = null,
  ): Promise<{ copy: Copy; bytes: Buffer; skipped: number } | null> {
    for (const [skipped, copy] of copies.entries()) {
      const bytes = copy.sha256 === current?.sha256 ? current.bytes : await this.bytes(copy);
      if (!(await this.isSuspect(copy.path, bytes, copy.sha256))) return { copy, bytes, skipped };
    }
    return null;
  }

  /**
   * Removes sealed files that no copy needs (left by a crash between two steps), and forgets copies whose sealed file is lost or has
   * another length, so that they are made again.
   * @returns the copies that were lost
   */
  async sweep(): Promise<Pick<Copy, "path" | "at">[]> {
    const { db, folder } = this.#options;
    const contents = await db.selectFrom("copy_content").selectAll().execute();
    const sizes = new Map(contents.map(({ sha256, sealed }) => [`${sha256}.age`, sealed]));
    const whole = new Set<string>();
    for (const name of await readdir(folder).catch(noneIfMissing)) {
      const path = join(folder, name);
      const stat = await lstat(path).catch(() => null);
      if (stat?.isFile() && stat.size === sizes.get(name)) whole.add(name);
      else await rm(path, { force: true, recursive: true });
    }
    const lost: Pick<Copy, "path" | "at">[] = [];
    for (const { sha256 } of contents) {
      if (whole.has(`${sha256}.age`)) continue;
      const rows = await db.selectFrom("copy").selectAll().where("sha256", "=", sha256).execute();
      for (const row of rows) await this.#drop(row);
      lost.push(...rows.map(({ path, at }) => ({ path, at })));
    }
    return lost;
  }

  /** Writes down which copied files are gone: once they are for GONE_DAYS, their copies make room where it is short. */
  async noteGone(): Promise<void> {
    this.#noRoom = Number.POSITIVE_INFINITY;
    await noteGone(this.#options.db, (path) => this.#covers(path), Date.now());
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

  /** What has to go so that so many bytes fit, beside those that wait to be written; null where nothing that may go is enough. */
  async #roomFor(bytes: number, waiting = 0): Promise<Selectable<CopyTable>[] | null> {
    if (bytes >= this.#noRoom) return null;
    const { db, maxBytes } = this.#options;
    const missing = (await this.used()) + waiting + bytes - maxBytes;
    if (missing <= 0) return [];
    const rows = await db.selectFrom("copy").selectAll().orderBy("at", "desc").execute();
    const contents = await db.selectFrom("copy_content").selectAll().execute();
    const sealed = new Map(contents.map((content) => [content.sha256, content.sealed]));
    const now = Date.now();
    const gone = await longGone(db, (path) => this.#covers(path), now);
    const plan = planRoom({ rows, sealed, gone }, missing, now);
    if (plan === null) this.#noRoom = bytes;
    return plan;
  }

  /** Whether there is no room for a file, as far as that can be said without reading it: a content that is kept needs none. */
  async #isRefused(path: string, facts: FileFacts): Promise<boolean> {
    const before = this.#refused.get(path);
    if (before && sameFile(before, facts))
      return (await this.#sealed(before.sha256)) === null && (await this.#roomFor(before.sealed)) === null;
    if ((await this.#roomFor(facts.size)) !== null) return false;
    const same = await this.#options.db
      .selectFrom("copy")
      .select("sha256")
      .where("size", "=", facts.size)
      .executeTakeFirst();
    return same === undefined;
  }

  #refuse(path: string, refused: Refused): void {
    if (this.#refused.size >= REFUSED) this.#refused.clear();
    this.#refused.set(path, refused);
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
    this.#noRoom = Number.POSITIVE_INFINITY;
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

function noneIfMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}
