/** The plan for an archive: as the package that it is, or as a folder with programs in it. */
import {
  Budget,
  closedArchive,
  identifyFile,
  isAr,
  isRpm,
  type OpenLimits,
  readRpm,
} from "@thymus/detection";
import type { PlannedCommand, RegistryPackage, WorldFile } from "../chamber/chamber.ts";
import { type LaidFile, layOut } from "./archive/layout.ts";
import { type Opened, openAll } from "./archive/open.ts";
import type { Tree } from "./archive/tree.ts";
import { describeLeft, few } from "./describe.ts";
import { commandIn, guestUser } from "./package/command.ts";
import { type PackagePlan, planNpmFolder, planNpmTarball, readManifest } from "./package/npm.ts";
import { planPython, readPython } from "./package/python.ts";
import { debScripts, rpmScripts, systemFiles } from "./package/system.ts";
import type { Planned } from "./plan.ts";
import { type Program, programsIn } from "./programs.ts";
import { shareTime } from "./share-time.ts";

/** Commands of one plan. */
const MAX_COMMANDS = 6;
/** What the fake registry can be handed, in bytes. */
const MAX_PACKAGE = 24 * 1024 * 1024;

export async function planArchive(bytes: Uint8Array, name: string, limits?: OpenLimits): Promise<Planned> {
  const shut = closedArchive(bytes);
  if (shut) return { refused: `${shut} archives cannot be opened here; submit what is in it` };
  const opened = await openAll(bytes, name, new Budget(limits));
  const outer = opened[0];
  if (!outer) return { refused: "an archive of a kind that cannot be opened here" };
  const left = describeLeft(opened);
  if (outer.tree.files.size === 0)
    return { refused: `an archive of which nothing could be taken${left ? `: ${left}` : ": it is empty"}` };
  if (isAr(bytes)) return outer.tree.files.has("debian-binary") ? planDeb(opened, left) : planObjects(outer);
  if (isRpm(bytes)) return planRpm(bytes, outer, left);
  return planFolder(opened, name, left);
}

const sentence = (start: string, started: readonly string[], left: string) =>
  `${start}; started: ${few(started)}${left ? `; ${left}` : ""}`.slice(0, 2000);

function planFolder(opened: readonly Opened[], name: string, left: string): Planned {
  const laid = layOut(opened);
  const { plans, covered, alone } = packagesIn(opened, laid);
  const outer = opened[0]!;
  const { programs, refused } = alone
    ? { programs: [], refused: [] }
    : programsIn(laid, outer.folder, covered);
  if (plans.length === 0 && programs.length === 0) {
    const why = refused.length > 0 ? few(refused, 4) : "no file in it is a program";
    return { refused: `an archive in which nothing can be started: ${why}${left ? `; ${left}` : ""}` };
  }
  // A package's own commands first: the programs beside it are mostly its tools.
  const own = plans.flatMap((plan) => plan.commands);
  const commands = [...own.slice(0, programs.length > 0 ? 4 : MAX_COMMANDS), ...commandsOf(programs)];
  const files = [...(alone ? [] : filesOf(laid, programs)), ...plans.flatMap((plan) => plan.files)];
  const packages = unique(plans.flatMap((plan) => plan.packages));
  if (packages.some(({ file }) => file.content.length > MAX_PACKAGE))
    return { refused: "a package that is too large for the chamber's registry" };
  const count = opened.reduce((sum, { tree }) => sum + tree.files.size, 0);
  const nested = opened.length > 1 ? ` in ${opened.length} archives` : "";
  const standIns = unique(plans.flatMap((plan) => plan.standIns));
  const what = [
    plans[0]?.what ?? `archive ${name}`,
    `with ${count} files${nested}`,
    ...(standIns.length > 0 ? [`and ${standIns.length} stand-ins for what it depends on`] : []),
  ].join(" ");
  const started = [
    ...plans.map((plan) => plan.what),
    ...programs.map(({ file, kind }) => `${file.path} (${kind})`),
  ];
  return {
    kind: alone ? plans[0]!.what.replace(/ \S+ \S+$/, "") : "archive",
    plan: { files, packages, standIns, commands: shareTime(commands.slice(0, MAX_COMMANDS)) },
    describe: sentence(what, started, left),
  };
}

const commandsOf = (programs: readonly Program[]): PlannedCommand[] =>
  programs.flatMap(({ folder, commands }) =>
    commands.map((words) => commandIn(`${guestUser.downloads}/${folder}`, words)),
  );

/** Files as they lay in the archive; what is started may be executed, as its victim would see to. */
function filesOf(laid: ReadonlyMap<string, LaidFile>, programs: readonly Program[]) {
  const started = new Set(programs.map(({ file }) => file.path));
  return [...laid.values()].map(({ path, mode, content }) => ({
    path,
    mode: started.has(path) ? mode | 0o755 : mode | 0o600,
    content,
  }));
}

function unique(packages: readonly RegistryPackage[]): RegistryPackage[] {
  const found = new Map(packages.map((one) => [`${one.ecosystem} ${one.name} ${one.version}`, one]));
  return [...found.values()];
}

/** The one folder in which everything of an archive lies, or null. */
function topFolder({ tree }: Opened): string | null {
  const tops = new Set([...tree.files.keys()].map((path) => path.slice(0, path.indexOf("/") + 1)));
  const [top] = tops;
  return tops.size === 1 && top ? top.slice(0, -1) : null;
}

/**
 * Packages among the archives. `covered`: folders whose files are a package's own; `alone`: the sample is a package as
 * registries have it, and nothing else.
 */
function packagesIn(opened: readonly Opened[], laid: ReadonlyMap<string, LaidFile>) {
  const plans: PackagePlan[] = [];
  const covered: string[] = [];
  let alone = false;
  for (const archive of opened) {
    if (plans.length >= 2) break;
    const top = topFolder(archive);
    const manifest = top === null ? undefined : archive.tree.files.get(`${top}/package.json`);
    const npm = manifest ? readManifest(manifest.content) : null;
    const packed = archive.bytes[0] === 0x1f && (top === "package" || /\.tgz$/i.test(archive.name));
    if (npm && packed) {
      plans.push(planNpmTarball(npm, archive.bytes));
      covered.push(archive.folder);
      alone ||= archive.depth === 0;
      continue;
    }
    const python = readPython(archive.tree.files);
    if (python) {
      const plan = planPython(python, archive.bytes, archive.folder);
      const files = [...laid.values()].filter(({ path }) => path.startsWith(`${archive.folder}/`));
      plans.push(archive.depth === 0 ? { ...plan, files } : plan);
      covered.push(archive.folder);
      alone ||= archive.depth === 0;
    }
  }
  for (const [path, file] of laid) {
    if (plans.length >= 2 || !/\/package\.json$/.test(path) || path.split("/").length > 5) continue;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (/(^|\/)node_modules(\/|$)/.test(folder) || covered.some((one) => `${folder}/`.startsWith(`${one}/`)))
      continue;
    const npm = readManifest(file.content);
    if (!npm) continue;
    plans.push(planNpmFolder(npm, folder, laid));
    covered.push(folder);
  }
  return { plans, covered, alone };
}

/** A package whose files go into the system. */
function planSystem(
  what: string,
  tree: Tree,
  scripts: { files: readonly WorldFile[]; commands: readonly PlannedCommand[]; names: readonly string[] },
  left: string,
): Planned {
  const { files, kept } = systemFiles(tree);
  const laid = new Map(
    files.map((file) => [
      file.path,
      { path: file.path.slice(1), mode: file.mode, content: file.content, depth: 0 },
    ]),
  );
  const { programs } = programsIn(new Map([...laid.values()].map((file) => [file.path, file])), "", []);
  const commands = [
    ...scripts.commands,
    ...programs.flatMap(({ commands: own }) => own.map((words) => commandIn(guestUser.downloads, words))),
  ].slice(0, MAX_COMMANDS);
  const out = [
    left,
    kept > 0 ? `${kept} of its files are not laid out, for the chamber stands on theirs` : "",
  ];
  if (commands.length === 0) return { refused: `a ${what} in which nothing can be started` };
  return {
    kind: what,
    plan: { files: [], system: [...files, ...scripts.files], commands: shareTime(commands), packages: [] },
    describe: sentence(
      `${what} with ${tree.files.size} files`,
      [...scripts.names, ...programs.map(({ file, kind }) => `/${file.path} (${kind})`)],
      out.filter((part) => part !== "").join("; "),
    ),
  };
}

function planDeb(opened: readonly Opened[], left: string): Planned {
  const part = (name: string) =>
    opened.find((one) => one.depth === 1 && one.name.startsWith(`${name}.tar`))?.tree;
  const [control, data] = [part("control"), part("data")];
  if (!control && !data) return { refused: `a Debian package that cannot be read${left ? `: ${left}` : ""}` };
  const empty = { files: [], commands: [] };
  const { files, commands } = control ? debScripts(control) : empty;
  const names = commands.map((command) => command.env.DPKG_MAINTSCRIPT_NAME!);
  return planSystem("Debian package", data ?? control!, { files, commands, names }, left);
}

function planRpm(bytes: Uint8Array, outer: Opened, left: string): Planned {
  const commands = rpmScripts(readRpm(bytes)?.texts ?? {});
  const names = commands.length > 0 ? ["its scriptlets"] : [];
  return planSystem("RPM package", outer.tree, { files: [], commands, names }, left);
}

function planObjects({ tree }: Opened): Planned {
  const types = [...tree.files].map(([path, { content }]) => identifyFile(content, path));
  return {
    refused: types.some((type) => type.startsWith("elf"))
      ? "a static library: its objects run only when they are linked into a program"
      : "an archive of ar that is no package",
  };
}
