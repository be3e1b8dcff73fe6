/** What the reading thread and the agent say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { KnownPoint } from "./points.ts";

export type SourceKind = "fanotify" | "inotify" | "none";

/** Who wrote, as far as it is known; the process may have ended since. */
export interface Writer {
  readonly pid: number;
  /** Program that it ran at the time; null where it was gone before it could be asked for. */
  readonly exe: string | null;
}

export interface Changed {
  readonly path: string;
  /** The writer closed the file or moved it here, so that its content is complete. */
  readonly finished: boolean;
  /** Null where the source does not tell. */
  readonly writer: Writer | null;
}

/** How a root is seen. */
export interface RootState {
  readonly root: string;
  readonly kind: SourceKind;
  /** Marks: folders, or whole file systems. */
  readonly folders: number;
  /** Why not by the source that tells most; null where it is. */
  readonly reason: string | null;
  /** The root is no folder now. */
  readonly missing: boolean;
  /** What is not seen, in words; empty where all is. */
  readonly blind: readonly string[];
  /** Mounted file systems below the root that were there, and are not now. */
  readonly away: readonly string[];
  /** Mount points of the root, to be known at the next start. */
  readonly mounts: readonly KnownPoint[];
}

export interface ReaderData {
  readonly roots: readonly string[];
  readonly skipped: readonly string[];
  readonly prefer: "auto" | "fanotify" | "inotify";
  /** Mount points that each root had when the agent ran last. */
  readonly expected: Readonly<Record<string, readonly KnownPoint[]>>;
  readonly bell: number;
  /** One Int32: batches that were taken. */
  readonly taken: SharedArrayBuffer;
  readonly own: number;
  /** Begins the names of our own half-written files. */
  readonly temporary: string;
  readonly port: MessagePort;
}

export type ToReader = { readonly type: "check"; readonly id: number } | { readonly type: "close" };

export type FromReader =
  | { readonly type: "changes"; readonly batches: readonly { root: string; changes: Changed[] }[] }
  | { readonly type: "gap"; readonly root: string; readonly why: string }
  | { readonly type: "state"; readonly state: RootState }
  | { readonly type: "checked"; readonly id: number }
  | { readonly type: "failed"; readonly why: string }
  | { readonly type: "closed" };
