import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DirectDatabase } from "@thymus/store/direct";
import { Locks } from "../dpkg/locks.ts";
import { Tree } from "../dpkg/tree.ts";
import type { Claim, Confirmation, Original, PackageManager, Vouch } from "../manager.ts";
import { parseHeader } from "./header.ts";

export interface RpmOptions {
  /** Folder of the system whose packages these are. */
  readonly root?: string;
}

/** Where the database lies: since rpm 4.16, and before. */
const PLACES = ["usr/lib/sysimage/rpm", "var/lib/rpm"];

/** Milliseconds for which what was read holds while rpm is at work, and after a reading that failed. */
const STALE = 2000;
const RETRY = 10_000;
/** Milliseconds that a reading waits for a writer, and the whole agent with it. */
const PATIENCE = 100;

interface Place {
  readonly file: string;
  readonly locks: Locks;
}

interface Known {
  readonly package: string;
  readonly version: string;
  readonly algorithm: string | null;
  readonly digest: string;
  readonly config: boolean;
}

/**
 * rpm: names, digests (of the algorithm that each package says, today sha256) and flags of all files, out of rpmdb.sqlite (rpm 4.16 and
 * later). Older forms of the database are not read. Nothing is brought back from archives: `dnf reinstall` does that.
 */
export class Rpm implements PackageManager {
  readonly #root: string;
  #place: Place | null = null;
  #tree: Tree | null = null;
  #stamp = "";
  /** When what was read was found to be as it is. */
  #looked = Number.NEGATIVE_INFINITY;
  #read = Number.NEGATIVE_INFINITY;
  #trouble: string | null = null;
  #files = new Map<string, Known[]>();

  constructor({ root = "/" }: RpmOptions = {}) {
    this.#root = root;
  }

  async #find(): Promise<Place | null> {
    if (this.#place) return this.#place;
    for (const place of PLACES) {
      const file = join(this.#root, place, "rpmdb.sqlite");
      if (await stat(file).catch(() => null)) {
        this.#place = { file, locks: new Locks(join(this.#root, place), [".rpm.lock"]) };
        break;
      }
    }
    return this.#place;
  }

  async stamp(): Promise<string> {
    const place = await this.#find();
    if (!place) return "-";
    const parts = await Promise.all(
      ["", "-wal"].map((ending) =>
        stat(place.file + ending, { bigint: true }).then(
          ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
          () => "-",
        ),
      ),
    );
    return parts.join(" ");
  }

  async busy(): Promise<boolean> {
    return (await (await this.#find())?.locks.held()) ?? false;
  }

  async #refresh(age = 0): Promise<Tree> {
    const looked = performance.now();
    if (this.#tree && looked - this.#looked < age) return this.#tree;
    const stamp = await this.stamp();
    if (this.#tree && stamp === this.#stamp) {
      this.#looked = looked;
      return this.#tree;
    }
    // Each package that rpm is done with changes the stamp, and a database that could not be read may not be readable yet.
    const hold = this.#trouble !== null ? RETRY : (await this.busy()) ? STALE : 0;
    if (this.#tree && performance.now() - this.#read < hold) return this.#tree;
    const tree = await Tree.of(this.#root);
    const place = await this.#find();
    try {
      this.#files = place ? readFiles(place.file, tree) : new Map();
      this.#stamp = stamp;
      this.#trouble = null;
    } catch (error) {
      // What was read before still holds; where nothing was, its files are judged as those of no package.
      this.#trouble = `${place?.file} cannot be read, files of packages are judged without it: ${(error as Error).message}`;
    }
    this.#tree = tree;
    this.#read = performance.now();
    return tree;
  }

  async notices(): Promise<string[]> {
    const locks = (await (await this.#find())?.locks.notices()) ?? [];
    return this.#trouble === null ? locks : [this.#trouble, ...locks];
  }

  async #owners(path: string, age = 0): Promise<readonly Known[]> {
    const name = (await this.#refresh(age)).nameOf(path);
    return name === null ? [] : (this.#files.get(name) ?? []);
  }

  async claim(path: string, age = 0): Promise<Claim | null> {
    const owner = (await this.#owners(path, age))[0];
    if (!owner) return null;
    // rpm tells of a package only when it is done with it: any may be the one that is being replaced.
    const kind = owner.config ? "conffile" : owner.algorithm === null ? "unlisted" : "file";
    return { package: owner.package, version: owner.version, kind, underway: await this.busy(), doubt: null };
  }

  async vouches(contents: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Vouch>> {
    const vouched = new Map<string, Vouch>();
    for (const [path, bytes] of contents) {
      const by = (await this.#owners(path.replace(/\.rpmnew$/, ""))).find(
        ({ algorithm, digest }) =>
          algorithm !== null && createHash(algorithm).update(bytes).digest("hex") === digest,
      );
      if (by) vouched.set(path, { package: by.package, version: by.version, level: "manifest" });
    }
    return vouched;
  }

  /** MD5 is what the others are asked for; packages of today have sha256, so there is nothing to say. */
  async contents(): Promise<Map<string, string[]>> {
    return new Map();
  }
  async original(): Promise<Original | { readonly refused: string }> {
    return { refused: "archives of rpm are not read: reinstall the package, e.g. by `dnf reinstall`" };
  }
  async confirm(): Promise<Confirmation[]> {
    return [];
  }
}

/** All files of the database by their canonical names. @throws the error of SQLite */
function readFiles(file: string, tree: Tree): Map<string, Known[]> {
  const files = new Map<string, Known[]>();
  const db = new DirectDatabase(file, { readOnly: true, patience: PATIENCE });
  try {
    for (const [blob] of db.each<[unknown]>("select blob from Packages")) {
      const parsed = blob instanceof Uint8Array ? parseHeader(blob) : null;
      if (!parsed) continue;
      const { name, version, algorithm } = parsed;
      for (const { path, digest, config, ghost } of parsed.files) {
        if (ghost || digest === "") continue;
        const canonical = tree.canonical(path);
        const known = { package: name, version, algorithm, digest, config };
        files.set(canonical, [...(files.get(canonical) ?? []), known]);
      }
    }
  } finally {
    db.close();
  }
  return files;
}
