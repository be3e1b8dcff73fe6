/** Half-open range of offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * One changed place: `before[beforeStart, beforeEnd)` became `after[afterStart, afterEnd)`; everything between hunks is
 * the same in both files.
 */
export interface Hunk {
  readonly beforeStart: number;
  readonly beforeEnd: number;
  readonly afterStart: number;
  readonly afterEnd: number;
  /** The header structure of the host that a patch lies in; the hunk then covers that structure whole. */
  readonly region?: "ehdr" | "phdr" | "shdr";
}

export type HunkKind = "insert" | "delete" | "patch" | "replace";

export function hunkKind(hunk: Hunk): HunkKind {
  const before = hunk.beforeEnd - hunk.beforeStart;
  const after = hunk.afterEnd - hunk.afterStart;
  if (before === 0) return "insert";
  if (after === 0) return "delete";
  return before === after ? "patch" : "replace";
}

/** Gives back the clean file from the infected one and the hunks' clean bytes; the proof of an edit script. */
export function undoHunks(hunks: readonly Hunk[], before: Uint8Array, after: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const hunk of hunks) {
    parts.push(after.subarray(at, hunk.afterStart), before.subarray(hunk.beforeStart, hunk.beforeEnd));
    at = hunk.afterEnd;
  }
  parts.push(after.subarray(at));
  return Buffer.concat(parts);
}
