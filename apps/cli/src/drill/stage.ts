/** The files of a drill: written clean first, then as the pathogen left them in the chamber. */
import { chmod, copyFile, lstat, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runWorker } from "@thymus/analysis";
import { ThymusError } from "@thymus/contracts";
import type { Context } from "../context.ts";

export interface DrillFile {
  readonly name: string;
  readonly mode: number;
  readonly clean: Buffer;
  readonly infected: Buffer;
}

/** Most programs that one drill lets be infected. */
const MOST_FILES = 8;

/**
 * Lets the pathogen meet a set of decoys in a chamber and picks some of what it infected, as many kinds as there are.
 * Nothing of the pathogen ever runs on this machine itself.
 * @throws ThymusError CHAMBER_FAILED where it infected nothing
 */
export async function infectInChamber(
  context: Context,
  drill: {
    id: string;
    seed: string;
    pathogen: string;
    programs: string;
    work: string;
    signal: AbortSignal;
  },
  onProgress: (what: string) => void,
): Promise<DrillFile[]> {
  await mkdir(drill.work, { recursive: true, mode: 0o700 });
  try {
    const sample = join(drill.work, "sample.bin");
    await copyFile(drill.pathogen, sample);
    const { files } = await runWorker(
      {
        kind: "release",
        sample,
        name: basename(drill.pathogen),
        seed: drill.seed,
        chamberDir: context.chamberDir,
        drillPrograms: drill.programs,
        out: drill.work,
        budgetSeconds: 60,
      },
      { readable: [context.chamberDir, drill.programs], limitSeconds: 90, onProgress, signal: drill.signal },
    );
    const byKind = new Map<string, typeof files>();
    for (const file of files) byKind.set(file.decoy.kind, [...(byKind.get(file.decoy.kind) ?? []), file]);
    const chosen: typeof files = [];
    while (chosen.length < MOST_FILES && [...byKind.values()].some((kind) => kind.length > 0))
      for (const kind of byKind.values())
        if (kind.length > 0 && chosen.length < MOST_FILES) chosen.push(kind.shift()!);
    if (chosen.length === 0)
      throw new ThymusError(
        "CHAMBER_FAILED",
        `the drill pathogen ${drill.id} infected nothing in the chamber`,
        "run: thymus doctor",
      );
    const result: DrillFile[] = [];
    for (const [index, file] of chosen.entries())
      result.push({
        name: `${index + 1}-${basename(file.decoy.path)}`,
        mode: file.decoy.mode & 0o777,
        clean: await readWithin(drill.work, file.before),
        infected: await readWithin(drill.work, file.after),
      });
    return result;
  } finally {
    await rm(drill.work, { recursive: true, force: true });
  }
}

/**
 * Reads what the confined worker named: a path is only its word, so nothing outside of its folder is read, nor through
 * a symbolic link.
 */
async function readWithin(folder: string, path: string): Promise<Buffer> {
  const root = await realpath(folder);
  const real = await realpath(path);
  if (!real.startsWith(`${root}/`) || !(await lstat(real)).isFile())
    throw new ThymusError("TOOL_FAILED", `the worker named ${path}, which is not in its folder`, "report it");
  return readFile(real);
}

export async function writeFiles(
  folder: string,
  files: readonly DrillFile[],
  which: "clean" | "infected",
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const file of files) {
    const path = join(folder, file.name);
    await writeFile(path, file[which]);
    await chmod(path, file.mode);
  }
}

/** Names of the files that are not identical to their clean state. */
export async function changedFiles(folder: string, files: readonly DrillFile[]): Promise<string[]> {
  const changed: string[] = [];
  for (const file of files) {
    const now = await readFile(join(folder, file.name)).catch(() => null);
    if (now === null || !now.equals(file.clean)) changed.push(file.name);
  }
  return changed;
}
