/** What the threads that walk a tree and the one that started them say to each other. All paths and names are byte strings. */
import type { EntryKind, StampField } from "./stamp.ts";

export interface TreeJob {
  /** agent.db: each thread opens it for itself. */
  readonly database: string;
  /** `create`: everything is read and recorded. `accept`: what differs is recorded. `check`: nothing is written. */
  readonly mode: "create" | "accept" | "check";
  /** Whose content is read beside what `create` reads: nothing's, that of files whose stamp differs, that of all. */
  readonly content: "none" | "differing" | "all";
  /** Whether a check writes down the digest of what was not read before. */
  readonly learns?: boolean;
  /** Folders that are not entered. */
  readonly skip: readonly string[];
  /** Paths, and names of temporary files, that are no part of the tree (decoys, work in progress of the agent). */
  readonly except: readonly string[];
  /** Whether other file systems that are mounted within the tree are left out. */
  readonly oneFileSystem: boolean;
  /** Programs above this are known by head and tail only. Bytes. */
  readonly maxBytes: number;
  /** Files above this are recorded without their content, which is read later. Bytes. */
  readonly hashBytes: number;
  /** Number of this making of a baseline: what it recorded already is not read again when it goes on. */
  readonly run: number;
  /**
   * What of the known is compared by `create`, and left as it was known where it differs: what this making recorded before it was
   * interrupted, or all of it. Left out: nothing.
   */
  readonly keeps?: "run" | "all";
  /** What `create` tells of as having appeared, and does not record, though nothing is known of it. */
  readonly news?: TreeNews;
  readonly how: string;
  /** Milliseconds after which a thread writes down what it did, tells of it, and may give some of its work away. */
  readonly quantum: number;
  /** What is added to the nice value of each thread. */
  readonly nice: number;
  /** One number: 1 stops all threads. */
  readonly stop: SharedArrayBuffer;
  /** One number: who holds the room for a large program in memory. */
  readonly room: SharedArrayBuffer;
}

/** Files that are no part of a tree as it was when its baseline was begun. */
export interface TreeNews {
  /** Files that changed from this instant on, milliseconds since 1970. */
  readonly since: number;
  /** Uptime of the machine at that instant, seconds: where the clock was set since then, it tells how long ago that was. */
  readonly uptime: number;
  /** Folders that have a baseline already: what is unknown in them appeared. */
  readonly folders: readonly string[];
  /** How temporary files of the agent itself begin. */
  readonly temporary: string;
}

/** A piece of work: a folder, some of its names, or a folder that is gone. */
export interface TreeUnit {
  readonly folder: string;
  /** What `file.root` is for programs below. */
  readonly root: string;
  /** Device of the folder above; null where that does not matter. */
  readonly device: string | null;
  /** Left out: all of the folder. Else sorted, and everything in [from, to) of the folder that is known but not here is gone. */
  readonly names?: readonly string[];
  readonly from?: string;
  readonly to?: string | null;
  readonly gone?: boolean;
}

export interface TreeChange {
  readonly path: string;
  readonly what: "changed" | "appeared" | "gone";
  readonly kind: EntryKind;
  readonly fields: readonly (StampField | "content" | "kind")[];
  /** SHA-256, base64url; null where the content is unknown. That of a link is of its target. */
  readonly before: string | null;
  readonly after: string | null;
  readonly stamp: string | null;
}

export type TreeTrouble = "unreadable" | "vanished" | "changing" | "other-file-system";
export interface TreeProblem {
  readonly path: string;
  readonly what: TreeTrouble;
  readonly why: string;
}

/** What was done; all numbers add up. */
export interface TreeCounts {
  entries: number;
  files: number;
  folders: number;
  programs: number;
  /** Files whose content was read, and their bytes. */
  read: number;
  bytes: number;
  /** Recorded already by this making of the baseline, before it was interrupted. */
  resumed: number;
  /** Written or moved, and yet the same in content, owner and mode. */
  touched: number;
}

export interface TreeReport {
  readonly counts: TreeCounts;
  readonly changes: readonly TreeChange[];
  readonly problems: readonly TreeProblem[];
  /** Work that the thread gives back for others. */
  readonly units: readonly TreeUnit[];
  /** Pieces that it keeps. */
  readonly left: number;
  /** Why the thread cannot go on. */
  readonly failed?: { readonly code: string; readonly message: string };
}

/** To a thread: more work, and whether it is to give some of it away. */
export interface TreeGrant {
  readonly units: readonly TreeUnit[];
  readonly share: boolean;
}

export function noCounts(): TreeCounts {
  return { entries: 0, files: 0, folders: 0, programs: 0, read: 0, bytes: 0, resumed: 0, touched: 0 };
}

export function addCounts(sum: TreeCounts, more: TreeCounts): void {
  for (const key of Object.keys(sum) as (keyof TreeCounts)[]) sum[key] += more[key];
}
