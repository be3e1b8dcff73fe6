import type { FileType, Sha256 } from "@thymus/contracts";
import type { Label } from "../labels/label.ts";
import type { OtherTables } from "../model/train.ts";
import type { SamplePiece } from "./sample-plan.ts";

/** What a reading thread is asked: the type of each file by its head, or the digests of the whole. */
export interface ReadTask {
  readonly number: number;
  readonly mode: "identify" | "digest";
  readonly files: readonly {
    path: string;
    size: number;
    mtimeMs: number;
    vouched: readonly string[] | null;
    label: Label | null;
  }[];
}

/** The answer for one file; null: it is gone, unreadable, changed, or not what the package manager vouches for. */
export type ReadAnswer = { readonly type: FileType; readonly sha256: Sha256 | null } | null;

export interface ReadReply {
  readonly number: number;
  /** Whether all that this thread has read so far can be seen in the filter. An empty task makes it so. */
  readonly flushed: boolean;
  readonly answers: readonly ReadAnswer[];
}

/** What a learning thread is asked: the whole model, all but the 4-grams and the weights, or the whole with those in a message. */
export interface TrainTask {
  readonly part: "whole" | "others" | "rest";
  readonly pieces: readonly SamplePiece[];
  /** Bytes of all pieces. */
  readonly bytes: number;
  /** Memory that nobody needs any more. */
  readonly memory: WebAssembly.Memory | undefined;
}

/** All tables but one; that of the 5-grams in its parts. */
export interface OthersReply extends Omit<OtherTables, "five"> {
  readonly fingerprints: Uint16Array;
  readonly counts: Uint8Array;
}
