import type { FileType, Sha256 } from "@thymus/contracts";

/** What a reading thread is asked: the type of each file by its head, or the digests of the whole. */
export interface ReadTask {
  readonly number: number;
  readonly mode: "identify" | "digest";
  readonly files: readonly {
    path: string;
    size: number;
    mtimeMs: number;
    vouched: readonly string[] | null;
  }[];
}

/** The answer for one file; null: it is gone, unreadable, changed, or not what the package manager vouches for. */
export type ReadAnswer = { readonly type: FileType; readonly sha256: Sha256 | null } | null;

export interface ReadReply {
  readonly number: number;
  readonly answers: readonly ReadAnswer[];
}
