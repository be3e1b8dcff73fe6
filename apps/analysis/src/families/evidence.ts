/** Evidence that is kept of a family's members: copied as it is, never read here. */
import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sha256 } from "@thymus/contracts";
import { MANIFEST } from "../proof/evidence.ts";

/** Bytes of one member's evidence, above which it is only named. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Bytes of all that is kept, above which those that can best be without it lose theirs. */
const MOST_OF_ALL = 8 * 1024 ** 3;
const EVIDENCE_FILE = /^[0-9a-f]{64}\.evidence$/;

export class KeptEvidence {
  readonly #dir: string;
  readonly #most: number;
  /** Bytes of each member's evidence. */
  readonly #held = new Map<string, number>();

  constructor(dir: string, most = MOST_OF_ALL) {
    this.#dir = dir;
    this.#most = most;
  }

  /** Bytes that are kept above what may be. */
  get excess(): number {
    return this.#held.values().reduce((sum, bytes) => sum + bytes, 0) - this.#most;
  }

  folder(sample: Sha256): string {
    return join(this.#dir, sample);
  }

  /**
   * Throws away what a kill left half copied, or copied for a member that never came to be or needs it no more.
   * @returns members whose evidence is gone
   */
  async open(members: readonly Sha256[]): Promise<Sha256[]> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const known = new Set<string>(members);
    for (const name of await readdir(this.#dir)) {
      if (known.has(name)) this.#held.set(name, await this.#sizeOf(name));
      else await rm(join(this.#dir, name), { recursive: true, force: true });
    }
    return members.filter((member) => !this.#held.has(member));
  }

  async #sizeOf(name: string): Promise<number> {
    let bytes = 0;
    for (const file of await readdir(join(this.#dir, name)))
      bytes += (await lstat(join(this.#dir, name, file))).size;
    return bytes;
  }

  async remove(sample: Sha256): Promise<void> {
    await rm(this.folder(sample), { recursive: true, force: true });
    this.#held.delete(sample);
  }

  /** Copies a case's evidence in one piece. @returns false where it is too much, or none */
  async keep(sample: Sha256, from: string): Promise<boolean> {
    const files: string[] = [];
    let bytes = 0;
    for (const name of await readdir(from).catch(() => [])) {
      if (!EVIDENCE_FILE.test(name) && name !== MANIFEST) continue;
      const facts = await lstat(join(from, name));
      if (!facts.isFile()) continue;
      bytes += facts.size;
      files.push(name);
    }
    if (!files.includes(MANIFEST) || bytes > MOST_BYTES) return false;
    const kept = this.folder(sample);
    const partial = join(this.#dir, `.${sample}`);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { mode: 0o700 });
    for (const name of files)
      await copyFile(join(from, name), join(partial, name), constants.COPYFILE_FICLONE);
    await rm(kept, { recursive: true, force: true });
    await rename(partial, kept);
    this.#held.set(sample, bytes);
    return true;
  }
}
