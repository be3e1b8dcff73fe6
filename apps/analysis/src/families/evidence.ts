/** Evidence that is kept of a family's members: copied as it is, never read here. */
import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sha256 } from "@thymus/contracts";
import { MANIFEST } from "../proof/evidence.ts";

/** Bytes of one member's evidence, above which it is only named. */
const MOST_BYTES = 64 * 1024 * 1024;
const EVIDENCE_FILE = /^[0-9a-f]{64}\.evidence$/;

export class KeptEvidence {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  folder(sample: Sha256): string {
    return join(this.#dir, sample);
  }

  /** Throws away what a kill left half copied. */
  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#dir))
      if (name.startsWith(".")) await rm(join(this.#dir, name), { recursive: true, force: true });
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
    return true;
  }
}
