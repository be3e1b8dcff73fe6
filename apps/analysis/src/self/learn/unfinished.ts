import { readdirSync, rmSync } from "node:fs";
import { copyFile, link, readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CorpusFile, Sha256 } from "@thymus/contracts";
import { failpoint, temporaryFor, writeFileAtomic } from "@thymus/store";
import { filterDigest, loadFilter, putHeader } from "../absence/file.ts";
import { filterFile, filterSpace, ROOM, SMALL_ROOM } from "../absence/memory.ts";
import { Journal } from "../files/journal.ts";
import { layout } from "../files/layout.ts";
import { labelBits } from "../labels/labelled.ts";
import type { Spaces } from "./read-files.ts";

/** Seconds between two savings of the unfinished state. */
const SAVE_SECONDS = 15;

/** Digests of the index and of the labels that a build adds to. */
export interface Base {
  readonly index: string;
  readonly labels: string;
}

/**
 * What an unfinished build has read: the filters and the list of files in them. The filters are written first, then the list: a file
 * of the list is always in the filters. A file that is in them but not in the list is read again, which changes nothing: so any
 * number of interruptions ends in the same filters.
 */
export class Unfinished {
  readonly spaces: Spaces;
  readonly #dir: string;
  readonly #base: Base | null;
  readonly #journal: Journal;
  readonly #saveSeconds: number;
  /** Read and in the filters, but not yet on disk. */
  #waiting: CorpusFile[] = [];
  #saved = performance.now();
  #saving: Promise<void> = Promise.resolve();
  #failed: unknown = null;

  private constructor(dir: string, bits: number, base: Base | null, workers: number, saveSeconds: number) {
    this.spaces = {
      all: filterSpace(bits, workers, ROOM),
      labels: filterSpace(labelBits(bits), workers, SMALL_ROOM),
    };
    this.#dir = dir;
    this.#base = base;
    this.#journal = new Journal(layout(dir).journal(base?.index ?? null));
    this.#saveSeconds = saveSeconds;
  }

  /**
   * Goes on where a build with the same beginning was interrupted, or begins.
   * @returns null where the base is damaged
   */
  static open(
    dir: string,
    bits: number,
    base: Base | null,
    { workers, saveSeconds = SAVE_SECONDS }: { workers: number; saveSeconds?: number | undefined },
  ): { state: Unfinished; files: CorpusFile[] } | null {
    const state = new Unfinished(dir, bits, base, workers, saveSeconds);
    const filters = state.#filters();
    const files = state.#journal.read();
    if (files.length > 0 && filters.every(({ part, space }) => loadFilter(part, space)))
      return { state, files };
    for (const { space, base: from, target } of filters)
      if (from && loadFilter(target(from), space) !== from) return null;
    state.remove();
    for (const { space, base: from } of filters) {
      if (!from) filterFile(space).fill(0);
      putHeader(space);
    }
    return { state, files: [] };
  }

  /** Each filter with where it lies: unfinished, finished, and the digest of the one that it adds to. */
  #filters() {
    const { part, labelPart, index, labels } = layout(this.#dir);
    const base = this.#base;
    return [
      { space: this.spaces.all, part: part(base?.index ?? null), base: base?.index, target: index },
      { space: this.spaces.labels, part: labelPart(base?.index ?? null), base: base?.labels, target: labels },
    ];
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
    for (const { part, space } of this.#filters()) await writeFileAtomic(part, filterFile(space));
    await failpoint("analysis.corpus.filter-saved");
    this.#journal.append(files);
    this.#saved = performance.now();
  }

  /** Makes the saved filters those of the corpus. @returns their digests */
  async finish(): Promise<{ index: Sha256; labels: Sha256 }> {
    await this.save();
    const digests: Sha256[] = [];
    for (const { space, part, base, target } of this.#filters()) {
      const sha256 = filterDigest(space) as Sha256;
      digests.push(sha256);
      if (sha256 === base) continue;
      if (!(await exists(part))) await writeFileAtomic(part, filterFile(space));
      // The corpus that is there may have the very same one: it is never without it.
      const temporary = temporaryFor(target(sha256));
      await link(part, temporary).catch(() => copyFile(part, temporary));
      await failpoint("analysis.corpus.before-index");
      await rename(temporary, target(sha256));
    }
    return { index: digests[0]!, labels: digests[1]! };
  }

  close(): void {
    this.#journal.close();
  }

  /** Removes the unfinished state of this and of any other beginning. */
  remove(): void {
    this.#journal.close();
    for (const name of readdirSync(this.#dir))
      if (/^unfinished.*\.(abs|ndjson)$/.test(name)) rmSync(join(this.#dir, name), { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await readdir(dirname(path))).includes(basename(path));
}
