import { randomBytes } from "node:crypto";
import { constants, lstat, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@thymus/contracts";
import type { Selectable } from "kysely";
import { Folder } from "../../files/folder.ts";
import { readRegular, sha256Of } from "../../files/regular.ts";
import { readMeta, writeMeta } from "../../state/meta.ts";
import type { Database } from "../../state/open.ts";
import type { DecoyTable } from "../../state/schema.ts";
import { decoysFor } from "./content.ts";

export type DecoyRow = Selectable<DecoyTable>;

/** Times that a decoy is made anew while one case is open: a virus that stays resident shall not keep us busy. */
const MAX_RESTORES = 10;

/** From which all decoys of this machine follow. */
export async function decoySeed(db: Database): Promise<string> {
  const known = await readMeta(db, "decoy-seed");
  if (known) return known;
  const seed = randomBytes(16).toString("hex");
  await writeMeta(db, "decoy-seed", seed);
  return seed;
}

/** The canaries of this machine: known, never run by anyone, watched. */
export class Decoys {
  readonly #db: Database;
  readonly #log: Logger;

  readonly #spared: ReadonlySet<string>;

  /** @param spared roots in which none are planted: folders of documents have decoys of their own */
  constructor(db: Database, log: Logger, spared: Iterable<string> = []) {
    this.#db = db;
    this.#log = log;
    this.#spared = new Set(spared);
  }

  /** Makes the canaries of a root known; those that were never there are written, those that were touched are left. */
  async plant(root: string): Promise<void> {
    if (this.#spared.has(root) || (await this.of(root)).length > 0) return;
    for (const decoy of decoysFor(`${await decoySeed(this.#db)}:${root}`)) {
      const path = join(root, decoy.name);
      // A file of the owner that has this name by chance stays his.
      if (await lstat(path).catch(() => null)) continue;
      const row = {
        path,
        root,
        kind: decoy.kind,
        content: decoy.content,
        sha256: sha256Of(decoy.content),
        mode: decoy.mode,
        touched: 0,
      };
      try {
        await write(row);
        await this.#db.insertInto("decoy").values(row).execute();
      } catch (error) {
        this.#log.warn("a decoy cannot be placed", { path, why: (error as Error).message });
      }
    }
  }

  async get(path: string): Promise<DecoyRow | null> {
    return (
      (await this.#db.selectFrom("decoy").selectAll().where("path", "=", path).executeTakeFirst()) ?? null
    );
  }

  /** The decoys among programs; those among documents belong to behaviour/. */
  async of(root: string): Promise<DecoyRow[]> {
    return this.#db
      .selectFrom("decoy")
      .selectAll()
      .where("root", "=", root)
      .where("kind", "!=", "paper")
      .execute();
  }

  /** Paths of the decoys among the documents of a root. */
  async papersOf(root: string): Promise<ReadonlySet<string>> {
    const rows = await this.#db
      .selectFrom("decoy")
      .select("path")
      .where((eb) => eb.or([eb("root", "=", root), eb("path", "like", `${root}/%`)]))
      .where("kind", "=", "paper")
      .execute();
    return new Set(rows.map(({ path }) => path));
  }

  /** Paths of all decoys, whatever their root and kind. */
  async paths(): Promise<ReadonlySet<string>> {
    const rows = await this.#db.selectFrom("decoy").select("path").execute();
    return new Set(rows.map(({ path }) => path));
  }

  /** Paths of a root's decoys that are missing or not as they were written. */
  async touched(root: string): Promise<string[]> {
    const changed: string[] = [];
    for (const decoy of await this.of(root)) {
      const content = await readRegular(decoy.path, 8 << 20).catch(() => null);
      const same = content?.whole && sha256Of(content.bytes) === decoy.sha256;
      if (!same) changed.push(decoy.path);
    }
    return changed;
  }

  /** Writes a decoy anew. @returns false where it was made anew too often for one case */
  async restore(path: string): Promise<boolean> {
    const decoy = await this.get(path);
    if (!decoy || decoy.touched >= MAX_RESTORES) return false;
    await this.#db
      .updateTable("decoy")
      .set({ touched: decoy.touched + 1 })
      .where("path", "=", path)
      .execute();
    try {
      await write(decoy);
      return true;
    } catch (error) {
      this.#log.warn("a decoy cannot be made anew", { path, why: (error as Error).message });
      return false;
    }
  }

  /** A case of this root ended: its decoys may be made anew again. */
  async rested(root: string): Promise<void> {
    await this.#db.updateTable("decoy").set({ touched: 0 }).where("root", "=", root).execute();
  }
}

async function write(decoy: {
  root: string;
  path: string;
  content: Uint8Array;
  mode: number;
}): Promise<void> {
  const folder = await Folder.open(decoy.root);
  try {
    const path = folder.at(decoy.path.slice(decoy.root.length + 1));
    await rm(path, { force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(path, flags, 0o600);
    try {
      await handle.writeFile(decoy.content);
      // It belongs to whom the folder belongs: what runs as that user can write to it, as to the user's own programs.
      const owner = await lstat(decoy.root);
      if (process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(decoy.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await folder.close();
  }
}
