/** Mount points of a root that are remembered: what lies on a file system that is not mounted now is not gone. */
import { readdirSync, readFileSync } from "node:fs";
import { type Mount, unescaped } from "./mounts.ts";

export interface KnownPoint {
  readonly point: string;
  /** Since when it is known to be unmounted, milliseconds; null while it is mounted. */
  readonly gone: number | null;
}

/** Milliseconds after which a file system that nobody promised to bring back counts as gone for good. */
const PATIENCE = 7 * 86_400_000;
/** Points of one root that are remembered. */
const MAX_POINTS = 256;

/** File systems of containers, of packages and in memory: what was on them comes back under another name, or never. */
const FLEETING: ReadonlySet<string> = new Set(["overlay", "squashfs", "tmpfs"]);

/**
 * What is to be remembered from now on.
 * @param mounts those of the root that are mounted now
 * @param now milliseconds since 1970
 * @param promised whether the machine's own table (fstab(5)) says that something belongs there
 */
export function remembered(
  known: readonly KnownPoint[],
  mounts: readonly Mount[],
  now: number,
  promised: (point: string) => boolean,
): KnownPoint[] {
  const mounted = new Set(mounts.map(({ point }) => point));
  const here = mounts
    .filter(({ type }) => !FLEETING.has(type))
    .map(({ point }): KnownPoint => ({ point, gone: null }));
  const away = known
    .filter(({ point }) => !mounted.has(point))
    // A clock that was set back must not keep it for years.
    .map(({ point, gone }) => ({ point, gone: Math.min(gone ?? now, now) }))
    .filter(({ point, gone }) => now - gone <= PATIENCE || promised(point))
    .sort((a, b) => b.gone - a.gone);
  return [...here, ...away].slice(0, MAX_POINTS);
}

/** Of what is remembered, those whose files are to come back: promised ones, and else those whose folder waits, empty. */
export function awayOf(points: readonly KnownPoint[], promised: (point: string) => boolean): string[] {
  return points
    .filter(({ point, gone }) => gone !== null && (promised(point) || isEmptyFolder(point)))
    .map(({ point }) => point);
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

/** Mount points that fstab(5) names. */
export function pointsOfTable(text: string): Set<string> {
  const lines = text.split("\n").map((line) => line.trim());
  return new Set(
    lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .flatMap((line) => line.split(/\s+/)[1] ?? [])
      .map(unescaped),
  );
}

/** Whether the machine's table names a point; it is read once, when first asked. */
export function promises(file = "/etc/fstab"): (point: string) => boolean {
  let points: Set<string> | null = null;
  return (point) => {
    points ??= tableAt(file);
    return points.has(point);
  };
}

function tableAt(file: string): Set<string> {
  try {
    return pointsOfTable(readFileSync(file, "utf8"));
  } catch {
    return new Set();
  }
}
