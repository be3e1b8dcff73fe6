import type { FileType, Sha256 } from "@thymus/contracts";
import type { OpenLimits } from "../archives/budget.ts";
import type { RuleBundle } from "../bundle/bundle.ts";
import type { Layer } from "../confined/layers.ts";
import type { RuleMatch } from "../engine/engine.ts";

/** A file to be scanned. */
export interface ScanTarget {
  readonly path: string;
  /** Name that decides the type where the content does not; the path unless told. */
  readonly name?: string;
  /** Skip the file (`changed`) unless it still has this size and time of change. */
  readonly expect?: { readonly size: number; readonly mtimeMs: number };
  /** Type if it is known already. */
  readonly type?: FileType;
  /** Name of the owner, for rules that ask for it. */
  readonly owner?: string;
  /** An open file to read instead of the path; it stays the caller's to close. */
  readonly fd?: number;
  /** Told in any case: as a hit without matches where nothing is found. */
  readonly tell?: true;
}

/** A match that counts; `member` is the path of a package's member that it is in. */
export interface FoundMatch extends RuleMatch {
  readonly member?: string;
}

/** Why a file was passed over without being an error. */
export type SkipReason = "special" | "gone" | "changed";

/** What a worker needs to know to scan bytes. */
export interface JobSettings {
  readonly bundle: RuleBundle;
  readonly engine: "native" | "wasm";
  /** Compiled forms of the bundle's rules: this project's kind, and those of other people. */
  readonly compiled: Uint8Array | null;
  readonly foreign: Uint8Array | null;
  readonly timeoutMs: number;
  /** What opening archives may cost, or null: they are not opened. */
  readonly archives: OpenLimits | null;
}

export interface WorkerSettings extends JobSettings {
  readonly maxFileBytes: number;
  readonly progress: SharedArrayBuffer;
}

/** What a worker tells; `index` is the file's place in the batch. */
export type WorkerMessage =
  | { kind: "ready"; layers: Layer[] }
  | { kind: "hit"; index: number; sha256: Sha256; size: number; type: FileType; matches: FoundMatch[] }
  | {
      kind: "error";
      index: number;
      code: "UNREADABLE" | "TOO_LARGE" | "TOOL_FAILED";
      message: string;
      hint: string;
    }
  | { kind: "skip"; index: number; why: SkipReason }
  | { kind: "done"; files: number; bytes: number; unchanged?: number };

/** A batch on its way to a worker; numbers rise by one within a worker. */
export interface WorkerBatch {
  readonly number: number;
  readonly targets: readonly ScanTarget[];
}

/**
 * Where a worker is, in shared memory, so that it is known although the worker hangs or died: number of the batch, place
 * of the file in it (-1 when idle), since when (milliseconds of Date.now), files and bytes of this batch so far.
 */
export class SharedProgress {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Float64Array;

  constructor(buffer = new SharedArrayBuffer(5 * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#numbers = new Float64Array(buffer);
  }

  /** Before a batch. */
  reset(batch: number): void {
    this.#numbers.set([batch, -1, Date.now(), 0, 0]);
  }

  /** Before a file; -1 after the last. */
  begin(index: number): void {
    this.#numbers[1] = index;
    this.#numbers[2] = Date.now();
  }

  scanned(bytes: number): void {
    this.#numbers[3]! += 1;
    this.#numbers[4]! += bytes;
  }

  get batch(): number {
    return this.#numbers[0]!;
  }
  get index(): number {
    return this.#numbers[1]!;
  }
  get since(): number {
    return this.#numbers[2]!;
  }
  get files(): number {
    return this.#numbers[3]!;
  }
  get bytes(): number {
    return this.#numbers[4]!;
  }
}
