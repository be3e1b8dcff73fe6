import { constants, lstat, mkdir, open, readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@thymus/contracts";
import { inFolderOf } from "../../files/folder.ts";
import { factsAt, readRegular, sha256Of } from "../../files/regular.ts";
import { decoySeed } from "../../monitors/decoys/decoys.ts";
import { readMeta, writeMeta } from "../../state/meta.ts";
import type { Database } from "../../state/open.ts";
import { leaveOutOfDumps } from "./flags.ts";
import { type Paper, papersFor } from "./papers.ts";

/** How they are called in agent.db, beside the decoys among programs. */
export const PAPER = "paper";

interface Row {
  readonly path: string;
  readonly root: string;
  readonly content: Uint8Array;
  readonly sha256: string;
}

/** Papers in the folder itself, in a hidden folder of it, and in each of so many folders below it. */
const ON_TOP = 4;
const HIDDEN = 4;
const BELOW = 2;
const FOLDERS = 32;
/** Milliseconds after which a decoy gets a new date: what nobody touched for years looks like bait. */
const STALE = 90 * 24 * 3600 * 1000;

/** Decoys among documents: known, never opened by anyone, watched, and made anew when they were touched. */
export class DocumentDecoys {
  readonly #db: Database;
  readonly #log: Logger;
  #known = new Map<string, Row>();

  constructor(db: Database, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  /** Path of every decoy. */
  get paths(): ReadonlySet<string> {
    return new Set(this.#known.keys());
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** Makes the decoys of a folder of documents known; where there never were any, they are written. */
  async plant(root: string): Promise<void> {
    const mark = `papers:${root}`;
    if ((await readMeta(this.#db, mark)) === null) {
      const seed = `${await decoySeed(this.#db)}:papers:${root}`;
      await this.#plantIn(root, root, papersFor(seed, ON_TOP));
      const hidden = join(root, papersFor(`${seed}:folder`, 1)[0]!.name.replace(/\.\w+$/, ""));
      if (await this.#makeFolder(hidden, root)) {
        await this.#plantIn(root, hidden, papersFor(`${seed}:hidden`, HIDDEN));
        // Asks media scanners to pass the folder by.
        await this.#plantIn(root, hidden, [{ name: ".nomedia", content: Buffer.alloc(0) }]);
      }
      for (const folder of await foldersOf(root))
        await this.#plantIn(root, folder, papersFor(`${seed}:${folder}`, BELOW));
      await writeMeta(this.#db, mark, new Date().toISOString());
    }
    await this.load();
  }

  async load(): Promise<void> {
    const rows = await this.#db
      .selectFrom("decoy")
      .select(["path", "root", "content", "sha256"])
      .where("kind", "=", PAPER)
      .execute();
    this.#known = new Map(rows.map((row) => [row.path, row]));
  }

  async #makeFolder(path: string, like: string): Promise<boolean> {
    try {
      await mkdir(path, { mode: 0o755 });
      await inFolderOf(join(path, "x"), async (folder) => {
        const owner = await lstat(like);
        const handle = await open(folder.at("."), constants.O_RDONLY | constants.O_DIRECTORY);
        try {
          if (process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
        } finally {
          await handle.close();
        }
      });
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
        const sha256 = sha256Of(content);
        await write(path, content);
        await this.#db
          .insertInto("decoy")
          .values({ path, root, kind: PAPER, content, sha256, mode: 0o644, touched: 0 })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      } catch (error) {
        this.#log.warn("a decoy cannot be placed", { path, why: (error as Error).message });
      }
    }
  }

  /** Whether a decoy is as it was made: `same`, `changed`, or `gone`. */
  async state(path: string): Promise<"same" | "changed" | "gone"> {
    const row = this.#known.get(path);
    if (!row) return "same";
    const content = await readRegular(path, 1 << 20).catch(() => null);
    if (content) return content.whole && sha256Of(content.bytes) === row.sha256 ? "same" : "changed";
    return "gone";
  }

  /** Decoys that are not as they were made. Those that grew old get a new date. */
  async check(): Promise<{ path: string; state: "changed" | "gone" }[]> {
    const found: { path: string; state: "changed" | "gone" }[] = [];
    for (const path of this.#known.keys()) {
      const state = await this.state(path);
      if (state === "same") await freshen(path);
      else found.push({ path, state });
    }
    return found;
  }

  /** Writes a decoy anew; where its folder is gone, it is forgotten. */
  async restore(path: string): Promise<boolean> {
    const row = this.#known.get(path);
    if (!row) return false;
    try {
      await write(path, row.content);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        await this.#db.deleteFrom("decoy").where("path", "=", path).execute();
        this.#known.delete(path);
      } else this.#log.warn("a decoy cannot be made anew", { path, why: (error as Error).message });
      return false;
    }
  }
}

/** Folders directly below, that are no checkouts: there every new file is somebody's business. */
async function foldersOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const found: string[] = [];
  for (const { name } of folders.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (found.length === FOLDERS) break;
    const folder = join(root, name);
    if (!(await lstat(join(folder, ".git")).catch(() => null))) found.push(folder);
  }
  return found;
}

/** Dates within the last two years, as the name's digits have it: all decoys of one date would be known by it. */
function dateFor(path: string): Date {
  const spread = Number.parseInt(sha256Of(Buffer.from(path)).slice(0, 6), 16) % (80 * 24 * 3600);
  return new Date(Date.now() - spread * 1000);
}

async function freshen(path: string): Promise<void> {
  const facts = await factsAt(path).catch(() => null);
  if (!facts || Date.now() - Number(facts.mtimeNs / 1_000_000n) < STALE) return;
  const date = dateFor(path);
  await utimes(path, date, date).catch(() => {});
}

function write(path: string, content: Uint8Array): Promise<void> {
  return inFolderOf(path, async (folder, name) => {
    await rm(folder.at(name), { force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(folder.at(name), flags, 0o600);
    try {
      await handle.writeFile(content);
      const owner = await lstat(folder.path);
      if (process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(0o644);
      leaveOutOfDumps(handle.fd);
      const date = dateFor(path);
      await handle.utimes(date, date);
    } finally {
      await handle.close();
    }
  });
}
