import { settledOf } from "./versions.ts";

export interface KeptRow {
  readonly path: string;
  readonly sha256: string;
  readonly at: string;
}

export interface Room {
  /** All copies, the newest first. */
  readonly rows: readonly KeptRow[];
  /** Bytes of the sealed file of each content. */
  readonly sealed: ReadonlyMap<string, number>;
  /** Paths that are gone for so long that their copies may be given up. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Which copies to give up so that at least `bytes` come free: older ones first, then those of files that are gone; of each the oldest
 * first, and none whose content another copy needs. Of a path that is not gone the newest and the settled copy always stay: what
 * overwrites many files at once must not push out what they were.
 * @returns null where that is not enough; then nothing is to be given up
 */
export function planRoom<T extends KeptRow>(
  room: Room & { readonly rows: readonly T[] },
  bytes: number,
  now: number,
): T[] | null {
  if (bytes <= 0) return [];
  const older = olderRows(room.rows, now);
  const rowsOf = Map.groupBy(room.rows, ({ sha256 }) => sha256);
  const plan: T[] = [];
  const planned = new Set<string>();
  let free = 0;
  for (const mayGo of [(row: T) => older.has(row), (row: T) => older.has(row) || room.gone.has(row.path)]) {
    // The rows are newest first: a content is as new as its first one.
    for (const [sha256, rows] of [...rowsOf].reverse()) {
      if (planned.has(sha256) || !rows.every(mayGo)) continue;
      planned.add(sha256);
      plan.push(...rows);
      free += room.sealed.get(sha256) ?? 0;
      if (free >= bytes) return plan;
    }
  }
  return null;
}

/** Neither the newest nor the settled copy of their path. */
function olderRows<T extends KeptRow>(rows: readonly T[], now: number): Set<T> {
  const older = new Set<T>();
  for (const copies of Map.groupBy(rows, ({ path }) => path).values()) {
    const settled = settledOf(copies, now);
    for (const copy of copies.slice(1)) if (copy !== settled) older.add(copy);
  }
  return older;
}
