import type { Budget } from "./budget.ts";

/** One member of an archive, as it says of itself. */
export interface ArchiveEntry {
  readonly path: string;
  readonly mode: number;
  readonly kind: "file" | "folder" | "link" | "hard-link" | "device";
  /** Of a link, as it stands there. */
  readonly target: string;
  /** Content; null where it is larger than `limit` bytes. Has to be called before the next entry is asked for. */
  read(limit: number): Promise<Uint8Array | null>;
}

/** Why a member was left out, for the count. */
export class Unreadable extends Error {}

/** Members in order. @throws Exhausted, or any error where the archive is damaged */
export type ArchiveReader = (bytes: Uint8Array, budget: Budget) => AsyncIterable<ArchiveEntry>;

export const filePermissions = (mode: number): number => mode & 0o777 || 0o644;
