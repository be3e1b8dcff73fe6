/** What the reading thread asks of a source of events, and what a source tells it. */

export interface Sink {
  /** @param pid who wrote; 0 where the source does not tell */
  changed(root: string, path: string, finished: boolean, pid: number): void;
  /** Events of a root, or of all, were lost. */
  lost(root: string | null, why: string): void;
  /** A folder whose events do not arrive. */
  blind(root: string, folder: string, error: Error): void;
}

export interface EventSource {
  readonly kind: "fanotify" | "inotify";
  /** Becomes readable when events wait. */
  readonly fd: number;
  /** Begins to watch a root; what changes from now on is told. @throws Error where it cannot at all */
  open(root: string): void;
  drop(root: string): void;
  /** Reads some of what waits, and looks at some new folders. @returns true where it has more to do */
  step(sink: Sink): boolean;
  /** Marks that a root has. */
  folders(root: string): number;
  close(): void;
}

const HARMLESS = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ESTALE"]);

/** True for the error of a folder that went away while it was looked at. */
export function isGone(error: unknown): boolean {
  return HARMLESS.has((error as NodeJS.ErrnoException).code ?? "");
}
