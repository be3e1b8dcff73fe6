import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Logger } from "@thymus/contracts";
import { readRegular, sha256Of } from "../../files/regular.ts";
import { decoySeed } from "../../monitors/decoys/decoys.ts";
import { readMeta, writeMeta } from "../../state/meta.ts";
import type { Database } from "../../state/open.ts";
import { type DocumentFolder, documentFoldersBelow, documentsIn, isEntered } from "./folders.ts";
import { lastPaper, type Paper, papersFor } from "./papers.ts";
import {
  freshen,
  hideFromView,
  makeDecoyFolder,
  makeNewest,
  makeNewestIn,
  takeAway,
  writeDecoy,
} from "./write.ts";

/** How they are called in agent.db, beside the decoys among programs. */
const PAPER = "paper";

/** A decoy, without its content. */
interface Row {
  readonly path: string;
  readonly root: string;
  readonly sha256: string;
}

/** Papers in the folder itself, in a hidden folder of it, and in each folder of documents below it. */
const ON_TOP = 4;
const HIDDEN = 4;
const BELOW = 2;
/** Folders below a root that get decoys. */
const FOLDERS = 1024;
/** Files from which on a folder gets a decoy at the end of its order, too: with fewer the one at its beginning is met soon enough. */
const LONG = 8;
/** Decoys that are adopted or made at once in one folder, at most. */
const IN_FOLDER = 16;
/** Largest decoy. */
const LARGEST = 1 << 20;

export interface DocumentDecoysOptions {
  readonly db: Database;
  readonly log: Logger;
  /** True for folders below the roots that are not to be entered. */
  readonly skip?: (folder: string) => boolean;
}

/**
 * Decoys among documents: at the beginning and, in long folders, at the end of the order of names, and one that is newer than all;
 * known, never opened by anyone, watched, and made anew when they were touched.
 */
export class DocumentDecoys {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #skip: (folder: string) => boolean;
  #known = new Map<string, Row>();
  readonly #byName = new Map<string, Row[]>();
  /** Decoys of each folder. */
  readonly #folders = new Map<string, Set<string>>();
  /** What a file looked like when its content was last seen to be right. */
  readonly #seen = new Map<string, string>();
  /** Folders in which none can be written. */
  readonly #refused = new Set<string>();
  #closed = false;

  constructor({ db, log, skip = () => false }: DocumentDecoysOptions) {
    this.#db = db;
    this.#log = log;
    this.#skip = skip;
  }

  /** Path of every decoy. */
  get paths(): ReadonlySet<string> {
    return new Set(this.#known.keys());
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  close(): void {
    this.#closed = true;
  }

  /** Makes the decoys of a folder of documents known. @returns whether there were any before: else all are written now */
  async plant(root: string): Promise<boolean> {
    const mark = `papers:${root}`;
    await this.load();
    const before = (await readMeta(this.#db, mark)) !== null;
    if (!before) {
      const seed = await this.#seed(root);
      await this.#plantIn(root, root, papersFor(seed, ON_TOP));
      const hidden = join(root, papersFor(`${seed}:folder`, 1)[0]!.name.replace(/\.\w+$/, ""));
      if (await this.#makeFolder(hidden, root)) {
        await this.#plantIn(root, hidden, papersFor(`${seed}:hidden`, HIDDEN));
        // Asks media scanners to pass the folder by.
        await this.#plantIn(root, hidden, [{ name: ".nomedia", content: Buffer.alloc(0) }]);
      }
      await this.plantBelow(root);
      await writeMeta(this.#db, mark, new Date().toISOString());
    }
    return before;
  }

  /** Writes decoys in all folders of documents below a root that have none, and keeps each folder's newest one new. @returns how many */
  async plantBelow(root: string): Promise<number> {
    const had = this.#known.size;
    const files = await this.#filesOf(root);
    await this.#plantEnd(root, root, files);
    await this.#renew(root, files);
    for await (const folder of documentFoldersBelow(root, this.#looks())) {
      if (this.#closed) break;
      await this.#plantFolder(root, folder);
      await this.#renew(folder.path, folder.files);
    }
    return this.#known.size - had;
  }

  /** Documents came or went in these folders: those that became folders of documents get decoys. @returns how many */
  async changedIn(root: string, folders: Iterable<string>): Promise<number> {
    const had = this.#known.size;
    for (const path of folders) {
      if (this.#closed) break;
      if (!this.#folders.has(path) && !(await isEntered(root, path, this.#skip))) continue;
      const folder =
        path === root ? { path, files: await this.#filesOf(root) } : await documentsIn(path, this.#looks());
      if (!folder) continue;
      if (path === root) await this.#plantEnd(root, root, folder.files);
      else await this.#plantFolder(root, folder);
      const newest = this.#newestIn(path);
      if (newest) await this.#touch(newest, () => makeNewest(newest));
      const top = this.#newestIn(root);
      if (top && path !== root) await this.#touch(top, () => makeNewest(top));
    }
    return this.#known.size - had;
  }

  async #filesOf(root: string): Promise<string[]> {
    const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
    return entries.flatMap((each) => (each.isFile() && !this.has(join(root, each.name)) ? [each.name] : []));
  }

  #looks() {
    return { skip: this.#skip, isDecoy: (path: string) => this.has(path) };
  }

  async #seed(root: string): Promise<string> {
    return `${await decoySeed(this.#db)}:papers:${root}`;
  }

  async #plantFolder(root: string, folder: DocumentFolder): Promise<void> {
    const { path, files } = folder;
    if (this.#refused.has(path)) return;
    if (!this.#folders.has(path)) {
      if (await this.#adopt(root, folder)) return;
      if (this.#folders.size >= FOLDERS) return;
      await this.#plantIn(root, path, papersFor(`${await this.#seed(root)}:${path}`, BELOW));
    }
    await this.#plantEnd(root, path, files);
  }

  async #plantEnd(root: string, path: string, files: readonly string[]): Promise<void> {
    const own = [...(this.#folders.get(path) ?? [])];
    if (files.length <= LONG || this.#refused.has(path) || own.some((each) => basename(each).startsWith("~")))
      return;
    const paper = lastPaper(`${await this.#seed(root)}:${path}:last`);
    await this.#plantIn(root, path, [paper]);
    await hideFromView(path, paper.name);
  }

  /** Decoys that came along with a folder that was moved or copied are what they were. @returns whether there are any */
  async #adopt(root: string, { path, files }: DocumentFolder): Promise<boolean> {
    const found: Row[] = [];
    for (const name of files) {
      const likes = this.#byName.get(name);
      if (!likes || found.length >= IN_FOLDER) continue;
      const content = await readRegular(join(path, name), LARGEST).catch(() => null);
      const digest = content?.whole ? sha256Of(content.bytes) : null;
      const like = likes.find(({ sha256 }) => sha256 === digest);
      if (like && content) found.push(await this.#insert(root, join(path, name), content.bytes));
    }
    return found.length > 0;
  }

  async load(): Promise<void> {
    const rows = await this.#db
      .selectFrom("decoy")
      .select(["path", "root", "sha256"])
      .where("kind", "=", PAPER)
      .execute();
    this.#known = new Map();
    this.#folders.clear();
    this.#byName.clear();
    for (const row of rows) this.#learn(row);
  }

  #learn(row: Row): void {
    this.#known.set(row.path, row);
    const folder = dirname(row.path);
    const own = this.#folders.get(folder) ?? new Set();
    this.#folders.set(folder, own.add(row.path));
    const name = basename(row.path);
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), row]);
  }

  async #makeFolder(path: string, like: string): Promise<boolean> {
    try {
      await makeDecoyFolder(path, like);
      return true;
    } catch (error) {
      this.#log.warn("a folder for decoys cannot be made", { path, why: (error as Error).message });
      return false;
    }
  }

  async #plantIn(root: string, folder: string, papers: readonly Paper[]): Promise<void> {
    for (const { name, content } of papers) {
      const path = join(folder, name);
      // A file of the owner that has this name by chance stays his.
      if (await lstat(path).catch(() => null)) continue;
      try {
        // Known first: what a crash leaves behind is a decoy that is gone, not a file that nobody knows.
        await this.#insert(root, path, content);
        await writeDecoy(path, content, isNewest(name));
      } catch (error) {
        await this.#forget(path);
        if (this.#refused.size < FOLDERS) this.#refused.add(folder);
        this.#log.warn("a decoy cannot be placed", { path, why: (error as Error).message });
        return;
      }
    }
  }

  async #insert(root: string, path: string, content: Uint8Array): Promise<Row> {
    const sha256 = sha256Of(content);
    await this.#db
      .insertInto("decoy")
      .values({ path, root, kind: PAPER, content, sha256, mode: 0o644, touched: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = { path, root, sha256 };
    this.#learn(row);
    return row;
  }

  async #forget(path: string): Promise<void> {
    await this.#db.deleteFrom("decoy").where("path", "=", path).execute();
    const row = this.#known.get(path);
    if (!row) return;
    this.#known.delete(path);
    this.#seen.delete(path);
    const folder = this.#folders.get(dirname(path));
    folder?.delete(path);
    if (folder?.size === 0) this.#folders.delete(dirname(path));
    const name = basename(path);
    const others = (this.#byName.get(name) ?? []).filter((each) => each.path !== path);
    if (others.length > 0) this.#byName.set(name, others);
    else this.#byName.delete(name);
  }

  #newestIn(folder: string): string | null {
    return [...(this.#folders.get(folder) ?? [])].find((path) => isNewest(basename(path))) ?? null;
  }

  async #renew(folder: string, files: readonly string[]): Promise<void> {
    const newest = this.#newestIn(folder);
    if (newest) await this.#touch(newest, () => makeNewestIn(folder, files, newest));
  }

  /** A new date of ours is no reason to read the file again. */
  async #touch(path: string, work: () => Promise<void>): Promise<void> {
    const right = this.#seen.get(path) === (await marksOf(path));
    await work();
    const marks = right ? await marksOf(path) : null;
    if (marks !== null) this.#seen.set(path, marks);
  }

  /** Whether a decoy is as it was made: `same`, `changed`, or `gone`. */
  async state(path: string): Promise<"same" | "changed" | "gone"> {
    const row = this.#known.get(path);
    if (!row) return "same";
    const content = await readRegular(path, LARGEST).catch(() => null);
    if (content) return content.whole && sha256Of(content.bytes) === row.sha256 ? "same" : "changed";
    return "gone";
  }

  /**
   * Decoys that are not as they were made; only those are read whose file is another one than before. Those that grew old get a new
   * date. Where their folder is gone they are forgotten, and taken away where nothing else is left in it: nobody shall find a folder that
   * cannot be removed.
   */
  async check(): Promise<{ path: string; state: "changed" | "gone" }[]> {
    const found: { path: string; state: "changed" | "gone" }[] = [];
    for (const [folder, paths] of [...this.#folders]) {
      if (this.#closed) return [];
      const names = await readdir(folder).catch(() => null);
      const root = this.#known.get([...paths][0] ?? "")?.root;
      const left = names?.filter((name) => !paths.has(join(folder, name)) && name !== ".hidden");
      const isTop = folder === root || folder.slice((root ?? "").length + 1).startsWith(".");
      if (names === null || (left!.length === 0 && !isTop)) {
        await this.#withdraw(folder, [...paths], names ?? []);
        continue;
      }
      for (const path of [...paths]) {
        const marks = await marksOf(path);
        if (marks !== null && this.#seen.get(path) === marks) {
          await freshen(path);
          continue;
        }
        const state = await this.state(path);
        if (state !== "same") found.push({ path, state });
        else if (marks !== null) this.#seen.set(path, marks);
      }
    }
    return found;
  }

  async #withdraw(folder: string, paths: readonly string[], names: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (names.includes(basename(path)) && (await this.state(path)) === "same") await takeAway(path);
      await this.#forget(path);
    }
    if (names.includes(".hidden") && paths.some((path) => basename(path).startsWith("~")))
      await takeAway(join(folder, ".hidden"));
  }

  /** Writes a decoy anew; where its folder is gone, it is forgotten. */
  async restore(path: string): Promise<boolean> {
    if (!this.#known.has(path)) return false;
    const row = await this.#db
      .selectFrom("decoy")
      .select("content")
      .where("path", "=", path)
      .executeTakeFirst();
    if (!row) return false;
    try {
      await writeDecoy(path, row.content, isNewest(basename(path)));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") await this.#forget(path);
      else this.#log.warn("a decoy cannot be made anew", { path, why: (error as Error).message });
      return false;
    }
  }
}

/** Of each folder's decoys the one that sorts after the other hidden ones is the newest file, too. */
const isNewest = (name: string): boolean => name.startsWith(".~");

async function marksOf(path: string): Promise<string | null> {
  const stat = await lstat(path, { bigint: true }).catch(() => null);
  return stat && `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
