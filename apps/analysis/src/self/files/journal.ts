import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CorpusFile } from "@thymus/contracts";
import { decodeTornFiles, encodeFiles } from "./file-list.ts";

/** What an unfinished build has read already: appended as it goes, so that the next build need not read it again. */
export class Journal {
  readonly #path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whatever an interrupted build left behind; a line that was cut is passed over. */
  read(): CorpusFile[] {
    try {
      return decodeTornFiles(readFileSync(this.#path, "utf8"));
    } catch {
      return [];
    }
  }

  append(files: readonly CorpusFile[]): void {
    if (files.length === 0) return;
    if (this.#fd === null) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      this.#fd = openSync(this.#path, "a", 0o600);
      // Ends a line that was cut; an empty line means nothing.
      writeSync(this.#fd, "\n");
    }
    writeSync(this.#fd, encodeFiles(files));
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

/** What interrupted builds have read, whatever they began with: good only for what a file is, not for what is in a filter. */
export function readJournals(dir: string): CorpusFile[] {
  return readdirSync(dir)
    .filter((name) => /^unfinished.*\.ndjson$/.test(name))
    .flatMap((name) => new Journal(join(dir, name)).read());
}
