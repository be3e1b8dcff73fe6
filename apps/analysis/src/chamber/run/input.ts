/** Writes the disk that carries a run into the guest. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DRILL_FOLDER, ThymusError } from "@thymus/contracts";
import type { ChamberRun, PlannedCommand, RegistryPackage, StartPlan, World } from "../chamber.ts";
import { guestUser, inputDisk, MIB, outputDisk } from "../layout.ts";
import { interpreterOf } from "./command.ts";
import { type TarInput, writeTar } from "./tar.ts";

/** Limits of one run in the guest, in seconds. */
export interface GuestLimits {
  readonly sample: number;
  readonly touch: number;
  readonly quiet: number;
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
/** Folders that stay root's own, since programs of the system lie in or below them. */
const shared: Readonly<Record<string, number>> = {
  "": 0o1777,
  "usr/local/bin": 0o1777,
  "usr/local/lib": 0o1777,
  tmp: 0o1777,
};
const rootOwned = /^(opt|home|run|(var|etc)(\/.*)?|usr(\/(?!local\/).*)?)$/;

/** Entries for all folders above the files, outermost first: the user's own unless the system needs them. */
function folders(files: readonly TarInput[]): TarInput[] {
  const paths = new Set<string>([""]);
  for (const file of files) {
    const parts = file.path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) paths.add(parts.slice(0, depth).join("/"));
  }
  return [...paths].sort().map((path) => {
    const mode = shared[path];
    const root = mode !== undefined || rootOwned.test(path);
    return { path: path || ".", mode: mode ?? 0o755, uid: root ? 0 : guestUser.id, folder: true };
  });
}

/** The name that the sample bears in the guest: one plain path part. */
export function sampleName(name: string): string {
  const plain = name.replace(/^.*\//s, "").replace(/\p{Cc}/gu, "_");
  const short = Buffer.from(plain)
    .subarray(0, 200)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
  return /^\.*$/.test(short) ? "sample" : short;
}

/** What the drill folder of a run holds. */
export async function drillFiles(
  folder: string,
  sample: Buffer,
  name: string,
  words: string[],
): Promise<TarInput[]> {
  const base = DRILL_FOLDER.slice(1);
  const own = { mode: 0o755, uid: guestUser.id };
  const extension = /\.(mjs|cjs)$/.exec(name)?.[0] ?? "";
  const command = [...words, `${DRILL_FOLDER}/sample${extension}`].map(quote).join(" ");
  const files: TarInput[] = [
    { ...own, path: `${base}/spread`, content: await readFile(join(import.meta.dirname, "../guest/spread")) },
    { ...own, path: `${base}/sample${extension}`, content: sample },
    { ...own, path: `${base}/run-sample`, content: Buffer.from(`#!/bin/sh\nexec ${command}\n`) },
    { ...own, path: `${base}/turns/.keep`, mode: 0o644, content: Buffer.alloc(0) },
    { ...own, path: `${base}/programs/.keep`, mode: 0o644, content: Buffer.alloc(0) },
  ];
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile() && !entry.name.startsWith("."))
      files.push({
        ...own,
        path: `${base}/programs/${entry.name}`,
        content: await readFile(join(folder, entry.name)),
      });
  return files;
}

/** How the user at the desk handles a decoy. */
function touchLine(
  content: Uint8Array,
  path: string,
  type: ChamberRun["sample"]["type"],
  mode: number,
): string {
  if (
    ["text", "other", "archive", "empty"].includes(type) ||
    ((mode & 0o111) === 0 && /\/index\.[cm]?js$/.test(path))
  )
    return `data ${path}`;
  const words = interpreterOf(content, type, path);
  return `${words.length === 0 ? (mode & 0o111 ? "run" : "data") : words[0]} ${path}`;
}

/** One of each kind, then the next of each: a user's time is short, and every kind shall have its turn in it. */
export function byTurns<T extends { readonly kind: string }>(decoys: readonly T[]): T[] {
  const seen = new Map<string, number>();
  const turns = decoys.map((decoy) => {
    const turn = seen.get(decoy.kind) ?? 0;
    seen.set(decoy.kind, turn + 1);
    return { decoy, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ decoy }) => decoy);
}

/** Where a plan's `{sample}` stands for the sample's path. */
const SAMPLE_WORD = "{sample}";

/** One command line for the guest: assignments for env(1), then words. Read by its shell, hence the quotes. */
function commandText(run: ChamberRun, command: PlannedCommand, samplePath: string): string {
  const { conditions } = run;
  const env = { LANG: conditions.locale, TZ: conditions.timezone, ...command.env };
  const words = [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...command.words.map((word) => word.replaceAll(SAMPLE_WORD, samplePath)),
    ...conditions.args,
  ];
  const root = conditions.asRoot || command.asRoot === true;
  return `AS_ROOT=${root ? 1 : ""}\nset -- ${words.map(quote).join(" ")}\n`;
}

function offered(world: World, plan: StartPlan | null): RegistryPackage[] {
  const first = [...world.packages, ...(plan?.packages ?? [])];
  const known = new Set(first.map(({ ecosystem, name }) => `${ecosystem} ${name}`));
  const more = (plan?.standIns ?? []).filter(({ ecosystem, name }) => !known.has(`${ecosystem} ${name}`));
  return [...first, ...more];
}

/** What the fake registry offers, and who may publish there. */
function registryFiles(packages: readonly RegistryPackage[], tokens: World["tokens"]): TarInput[] {
  const own = { mode: 0o644, uid: 0 };
  const listed = packages.map(({ ecosystem, name, version, file, owners }, index) => ({
    ...{ ecosystem, name, version, owners, fileName: file.name, file: `files/${index}` },
  }));
  return [
    {
      ...own,
      path: "internet/registry.json",
      content: Buffer.from(JSON.stringify({ packages: listed, tokens })),
    },
    ...packages.map(({ file }, index) => ({
      ...own,
      path: `internet/files/${index}`,
      content: file.content,
    })),
  ];
}

/** @throws ThymusError TOO_LARGE where sample, decoys and world do not fit the chamber's disk */
export async function writeInput(disk: string, run: ChamberRun, limits: GuestLimits): Promise<void> {
  const { conditions, plan, world } = run;
  const sample = await readFile(run.sample.path);
  const name = sampleName(run.sample.name);
  const samplePath = `${guestUser.downloads}/${name}`;
  const words = interpreterOf(sample, run.sample.type, name);
  const tree: TarInput[] = [];
  const touch: string[] = [];
  const laid = [...world.files, ...(plan?.system ?? [])];
  const taken = new Set([samplePath, ...laid.map((file) => file.path)]);
  for (const decoy of byTurns(run.decoys.decoys)) {
    if (taken.has(decoy.path)) continue;
    const content = await readFile(join(run.decoys.folder, decoy.sha256));
    tree.push({ path: decoy.path.slice(1), mode: decoy.mode, uid: guestUser.id, content });
    touch.push(touchLine(content, decoy.path, decoy.type, decoy.mode));
  }
  for (const { path, mode, root, content } of laid)
    tree.push({ path: path.slice(1), mode, uid: root ? 0 : guestUser.id, content });
  for (const { path, mode, content } of plan?.files ?? [])
    tree.push({ path: `${guestUser.downloads.slice(1)}/${path}`, mode, uid: guestUser.id, content });
  tree.push({ path: samplePath.slice(1), mode: 0o755, uid: guestUser.id, content: sample });
  if (run.drillPrograms !== null) tree.push(...(await drillFiles(run.drillPrograms, sample, name, words)));
  const job = {
    DIRECTORY: guestUser.downloads,
    HOME_FOLDER: guestUser.home,
    USER_NAME: guestUser.name,
    CLOCK_OFFSET: String(Math.round(conditions.clockOffset)),
    LIMIT: String(limits.sample),
    TOUCH_LIMIT: String(limits.touch),
    QUIET_TURNS: String(Math.round(limits.quiet * 10)),
    ...regionSizes(),
  };
  const file = (path: string, text: string): TarInput => ({
    path,
    mode: 0o600,
    uid: 0,
    content: Buffer.from(text),
  });
  const commands = plan?.commands ?? [
    { words: [...words, words.length > 0 ? SAMPLE_WORD : `./${name}`], env: {} },
  ];
  const control = [
    file(
      "job",
      Object.entries(job)
        .map(([key, value]) => `${key}=${quote(value)}\n`)
        .join(""),
    ),
    ...commands.map((command, index) =>
      file(`commands/${String(index).padStart(4, "0")}`, commandText(run, command, samplePath)),
    ),
    file("stdin", conditions.stdin ?? ""),
    file("decoys", tree.length > 0 ? run.decoys.decoys.map((decoy) => `${decoy.path}\n`).join("") : ""),
    file("touch", touch.map((line) => `${line}\n`).join("")),
    ...registryFiles(offered(world, plan), world.tokens),
  ];
  // The disk may be there already, empty: a machine was started with it.
  const handle = await open(disk, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const end = await writeParts(
      handle,
      writeTar([...folders(tree), ...tree]),
      inputDisk.tree,
      inputDisk.size,
    );
    const jobEnd = await writeParts(handle, writeTar(control), inputDisk.job, inputDisk.tree);
    // Reading is slow in there, and its tar would read on to the end of the disk.
    const sizes = { JOB_MIB: jobEnd - inputDisk.job, TREE_MIB: end - inputDisk.tree };
    const lines = Object.entries(sizes).map(([name, bytes]) => `${name}=${Math.ceil(bytes / MIB)}\n`);
    await writeParts(handle, writeTar([file("size", lines.join(""))]), 0, inputDisk.job);
    await handle.truncate(inputDisk.size);
  } finally {
    await handle.close();
  }
}

/** Start and length of each region of the output disk, in MiB, as variables of the guest's shell. */
function regionSizes(): Record<string, string> {
  const { size: _, ...regions } = outputDisk;
  return Object.fromEntries(
    Object.entries(regions).flatMap(([name, { start, end }]) => [
      [`${name.toUpperCase()}_START`, String(start / MIB)],
      [`${name.toUpperCase()}_MIB`, String((end - start) / MIB)],
    ]),
  );
}

async function writeParts(
  handle: FileHandle,
  parts: Iterable<Uint8Array>,
  start: number,
  end: number,
): Promise<number> {
  let at = start;
  for (const part of parts) {
    if (at + part.length > end)
      throw new ThymusError(
        "TOO_LARGE",
        "sample and decoys do not fit the chamber's disk",
        "hand in a smaller sample",
      );
    if (part.length > 0) await handle.write(part, 0, part.length, at);
    at += part.length;
  }
  return at;
}
