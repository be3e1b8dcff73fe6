import type { Label } from "../labels/label.ts";

/** A file that may become part of self. */
export interface Candidate {
  /** Absolute, without symbolic links in it. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** MD5 digests that a package manager vouches for (one must fit), or null where nobody vouches. */
  readonly vouched: readonly string[] | null;
  /** Whose code it is where many programs carry it. */
  readonly label: Label | null;
}

/** Others may read it: the confined process that scans self runs without rights. */
const OTHERS_READ = 0o004;

export function readableByOthers(mode: number): boolean {
  return (mode & OTHERS_READ) !== 0;
}
