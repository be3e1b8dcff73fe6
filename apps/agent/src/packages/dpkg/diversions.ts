import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tree } from "./tree.ts";

/** `from` of every package but `by` lies at `to` (dpkg-divert(1)); `by` is `:` for the owner's own. */
export interface Diversion {
  readonly from: string;
  readonly to: string;
  readonly by: string;
}

/** Canonical names. */
export async function readDiversions(folder: string, tree: Tree): Promise<Diversion[]> {
  const lines = (await readFile(join(folder, "diversions"), "utf8").catch(() => "")).split("\n");
  const found: Diversion[] = [];
  for (let at = 0; at + 2 < lines.length; at += 3)
    found.push({ from: tree.canonical(lines[at]!), to: tree.canonical(lines[at + 1]!), by: lines[at + 2]! });
  return found;
}

/**
 * Under which name a package lists what lies at `name`, or null where it has nothing there: another package's diversion
 * moved it away.
 */
export function listedName(
  diversions: readonly Diversion[],
  name: string,
  packageName: string,
): readonly string[] {
  const names = diversions.flatMap(({ from, to, by }) => (to === name && by !== packageName ? [from] : []));
  const moved = diversions.some(({ from, by }) => from === name && by !== packageName);
  return moved ? names : [name, ...names];
}

/** Owner and mode that the owner fixed for a name (dpkg-statoverride(1)). */
export interface Override {
  readonly user: string;
  readonly group: string;
  readonly mode: number;
}

export async function readOverride(folder: string, tree: Tree, name: string): Promise<Override | null> {
  const text = await readFile(join(folder, "statoverride"), "utf8").catch(() => "");
  for (const [, user, group, mode, path] of text.matchAll(/^(\S+) (\S+) ([0-7]+) (.+)$/gm))
    if (tree.canonical(path!) === name)
      return { user: user!, group: group!, mode: Number.parseInt(mode!, 8) };
  return null;
}
