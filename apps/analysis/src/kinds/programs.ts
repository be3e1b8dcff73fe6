/** The programs among the files of an archive, in the order in which a person would try them. */
import { identifyFile } from "@thymus/detection";
import type { LaidFile } from "./archive/layout.ts";
import { guestUser } from "./package/command.ts";
import { startOne } from "./start/one.ts";
import { likelihood } from "./start/rank.ts";

const MAX_PROGRAMS = 6;

export interface Program {
  readonly file: LaidFile;
  readonly kind: string;
  /** Below the folder of downloads, where it is started. */
  readonly folder: string;
  readonly commands: readonly (readonly string[])[];
}

/** Files of these names in a package's own folder are still meant to be started. */
const outside = /(^|\/)(install|setup|run|start)\.sh$/;

/**
 * @param folder of the whole archive; empty where the files lie in the system itself
 * @param covered folders that a package manager handles
 * @returns at most six programs, and why others are none: each reason once
 */
export function programsIn(
  files: ReadonlyMap<string, LaidFile>,
  folder: string,
  covered: readonly string[],
): { programs: Program[]; refused: string[] } {
  const found: (Program & { score: number })[] = [];
  const refused = new Map<string, number>();
  for (const file of files.values()) {
    const own = covered.some((one) => file.path.startsWith(`${one}/`)) && !outside.test(file.path);
    if (own || file.content.length === 0) continue;
    const name = file.path.replace(/^.*\//, "");
    const below = file.path.includes("/") ? file.path.slice(0, file.path.lastIndexOf("/")) : "";
    const path = folder === "" ? `/${file.path}` : `${guestUser.downloads}/${file.path}`;
    const type = identifyFile(file.content, name);
    if (type === "archive" || type === "npm") continue;
    const start = startOne(file.content, name, type, path, folder === "" ? path : `./${name}`);
    if ("refused" in start) {
      if (!/^a text that/.test(start.refused))
        refused.set(start.refused, (refused.get(start.refused) ?? 0) + 1);
      continue;
    }
    // In a folder of many, one way to load a library is enough.
    const commands = /shared object/.test(start.kind)
      ? start.commands.slice(0, 2)
      : start.commands.slice(0, 3);
    found.push({
      file,
      kind: start.kind,
      folder: below,
      commands,
      score: likelihood(file, start.kind, folder),
    });
  }
  found.sort((a, b) => b.score - a.score || (a.file.path < b.file.path ? -1 : 1));
  // Libraries beside programs are mostly theirs, and are loaded by them.
  const started = found.some(({ kind }) => !/shared object/.test(kind))
    ? found.filter(({ kind }) => !/shared object/.test(kind))
    : found;
  return {
    programs: started.slice(0, MAX_PROGRAMS),
    refused: [...refused].map(([why, count]) => (count > 1 ? `${count} times ${why}` : why)),
  };
}
