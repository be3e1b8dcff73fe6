import { linkSync, rmSync } from "node:fs";
import { copyFile, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CorpusFile, Sha256 } from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { filterDigest, loadFilter, putHeader } from "../absence/file.ts";
import { type FilterSpace, filterFile, filterSpace, ROOM } from "../absence/memory.ts";
import { Journal } from "../files/journal.ts";
import { layout } from "../files/layout.ts";

/** Seconds between two savings of the unfinished state. */
const SAVE_SECONDS = 15;

/**
 * What an unfinished build has read: the absence filter and the list of files in it. The filter is written first, then
 * the list: a file of the list is always in the filter. A file that is in the filter but not in the list is read again,
 * which changes nothing: so any number of interruptions ends in the same filter.
 */
export class Unfinished {
  readonly space: FilterSpace;
  readonly #dir: string;
  readonly #base: string | null;
  readonly #journal: Journal;
  readonly #saveSeconds: number;
  /** Read and in the filter, but not yet on disk. */
  #waiting: CorpusFile[] = [];
  #saved = performance.now();
  #saving: Promise<void> = Promise.resolve();
  #failed: unknown = null;

  private constructor(dir: string, bits: number, base: string | null, workers: number, saveSeconds: number) {
    this.space = filterSpace(bits, workers, ROOM);
    this.#dir = dir;
    this.#base = base;
    this.#journal = new Journal(layout(dir).journal);
    this.#saveSeconds = saveSeconds;
  }

  /**
   * Goes on where a build with the same beginning was interrupted, or begins.
   * @param base SHA-256 of the index that this one adds to, or null
   * @returns null where the base is damaged
   */
  static open(
    dir: string,
    bits: number,
    base: string | null,
    { workers, saveSeconds = SAVE_SECONDS }: { workers: number; saveSeconds?: number | undefined },
  ): { state: Unfinished; files: CorpusFile[] } | null {
    const state = new Unfinished(dir, bits, base, workers, saveSeconds);
    if (loadFilter(state.#part, state.space)) return { state, files: state.#journal.read() };
    state.#journal.remove();
    if (base && loadFilter(layout(dir).index(base), state.space) !== base) return null;
    if (!base) filterFile(state.space).fill(0);
    putHeader(state.space);
    return { state, files: [] };
  }

  get #part(): string {
    return layout(this.#dir).part(this.#base);
  }

  /** Takes note of files that are in the filter now. */
  note(files: readonly CorpusFile[]): void {
    this.#waiting.push(...files);
    if (performance.now() - this.#saved < this.#saveSeconds * 1000) return;
    this.#saved = Number.POSITIVE_INFINITY;
    this.#saving = this.#save().catch((cause) => {
      this.#failed = cause;
    });
  }

  /** Everything noted is on disk when this ends. */
  async save(): Promise<void> {
    await this.#saving;
    if (this.#failed) throw this.#failed;
    if (this.#waiting.length > 0) await this.#save();
  }

  async #save(): Promise<void> {
    const files = this.#waiting;
    this.#waiting = [];
    // Other threads may add while this is written: what was noted is in it, whatever else may be.
    await writeFileAtomic(this.#part, filterFile(this.space));
    await failpoint("analysis.corpus.filter-saved");
    this.#journal.append(files);
    this.#saved = performance.now();
  }

  /** Makes the saved filter the index. @returns its SHA-256 */
  async finish(): Promise<Sha256> {
    await this.save();
    const sha256 = filterDigest(this.space);
    if (sha256 === this.#base) return sha256 as Sha256;
    const target = layout(this.#dir).index(sha256);
    const part = this.#part;
    if (!(await exists(part))) await writeFileAtomic(part, filterFile(this.space));
    rmSync(target, { force: true });
    try {
      linkSync(part, target);
    } catch {
      await copyFile(part, target);
    }
    return sha256 as Sha256;
  }

  close(): void {
    this.#journal.close();
  }

  /** Removes the unfinished state of this and of any other beginning. */
  async remove(): Promise<void> {
    this.#journal.remove();
    await removeParts(this.#dir);
  }
}

async function exists(path: string): Promise<boolean> {
  return (await readdir(dirname(path))).includes(basename(path));
}

export async function removeParts(dir: string): Promise<void> {
  for (const name of await readdir(dir))
    if (/^unfinished-.*\.abs$/.test(name)) await rm(join(dir, name), { force: true });
}
