/** npm packages: installed from the fake registry, or as the folder that they are; required, imported, their bins run. */
import type { PlannedCommand, RegistryPackage } from "../../chamber/chamber.ts";
import type { LaidFile } from "../archive/layout.ts";
import { commandIn, guestUser, shellWords } from "./command.ts";
import { isNpmName, npmStandIns } from "./stand-in.ts";

export interface NpmManifest {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, unknown>>;
  /** Names of programs and their files. */
  readonly bins: readonly { readonly name: string; readonly file: string }[];
  readonly isModule: boolean;
  readonly wanted: Readonly<Record<string, unknown>>;
  readonly wantedToBuild: Readonly<Record<string, unknown>>;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

/** Null where this is no package that npm would take. */
export function readManifest(content: Uint8Array): NpmManifest | null {
  if (content.length > 1 << 20) return null;
  let read: unknown;
  try {
    read = JSON.parse(
      Buffer.from(content)
        .toString("utf8")
        .replace(/^\ufeff/, ""),
    );
  } catch {
    return null;
  }
  const manifest = record(read);
  const { name, version } = manifest;
  if (typeof name !== "string" || !isNpmName(name)) return null;
  const bin =
    typeof manifest.bin === "string" ? { [name.replace(/^.*\//, "")]: manifest.bin } : record(manifest.bin);
  const exports = JSON.stringify(manifest.exports ?? null) ?? "";
  return {
    name,
    version: typeof version === "string" && /^\d+\.\d+\.\d+[\w.+-]{0,64}$/.test(version) ? version : "0.0.0",
    scripts: record(manifest.scripts),
    bins: Object.entries(bin).flatMap(([own, file]) =>
      typeof file === "string" && /^[\w.-]{1,100}$/.test(own) ? [{ name: own, file }] : [],
    ),
    isModule:
      manifest.type === "module" || typeof manifest.module === "string" || exports.includes('"import"'),
    wanted: {
      ...record(manifest.peerDependencies),
      ...record(manifest.optionalDependencies),
      ...record(manifest.dependencies),
    },
    wantedToBuild: record(manifest.devDependencies),
  };
}

export interface PackagePlan {
  readonly what: string;
  readonly files: readonly { path: string; mode: number; content: Uint8Array }[];
  readonly packages: readonly RegistryPackage[];
  readonly commands: readonly PlannedCommand[];
  readonly standIns: readonly RegistryPackage[];
}

const install = 'exec npm install "$0" --no-audit --no-fund';
const installHere = "exec npm install --no-audit --no-fund";
const node = "/usr/bin/node";

/** Loading it both ways: what stands in `exports` may differ for the two. */
function loading(manifest: NpmManifest, folder: string): PlannedCommand[] {
  const name = JSON.stringify(manifest.name);
  const commands = [commandIn(folder, [node, "-e", `require(${name})`, "--"])];
  if (manifest.isModule)
    commands.push(commandIn(folder, [node, "--input-type=module", "-e", `await import(${name})`, "--"]));
  return commands;
}

/** A package as it comes from a registry. @param tarball as npm packs it */
export function planNpmTarball(manifest: NpmManifest, tarball: Uint8Array): PackagePlan {
  const { name, version } = manifest;
  const base = name.replace(/^.*\//, "");
  const project = `${base}-app`;
  const folder = `${guestUser.downloads}/${project}`;
  const standIns = npmStandIns(manifest.wanted);
  const own: RegistryPackage = {
    ecosystem: "npm",
    name,
    version,
    file: { name: `${base}-${version}.tgz`, content: tarball },
    owners: ["maintainer"],
  };
  const content = Buffer.from(
    `${JSON.stringify({ name: "app", version: "1.0.0", private: true }, null, 2)}\n`,
  );
  return {
    what: `npm package ${name} ${version}`,
    files: [{ path: `${project}/package.json`, mode: 0o644, content }],
    packages: [own],
    commands: [
      commandIn(folder, shellWords(install, `${name}@${version}`)),
      ...loading(manifest, folder),
      ...manifest.bins.slice(0, 3).map((bin) => commandIn(folder, [`./node_modules/.bin/${bin.name}`])),
    ],
    standIns,
  };
}

/** A package as a folder, as one has it after opening an archive or cloning a repository. */
export function planNpmFolder(
  manifest: NpmManifest,
  path: string,
  files: ReadonlyMap<string, LaidFile>,
): PackagePlan {
  const folder = `${guestUser.downloads}/${path}`;
  const standIns = npmStandIns({ ...manifest.wantedToBuild, ...manifest.wanted });
  const { start } = manifest.scripts;
  return {
    what: `npm package ${manifest.name} as a folder`,
    files: [],
    packages: [],
    commands: [
      commandIn(folder, shellWords(installHere)),
      typeof start === "string" && start !== ""
        ? commandIn(folder, shellWords("exec npm start"))
        : commandIn(folder, [node, "."]),
      ...manifest.bins
        .filter((bin) => files.has(`${path}/${bin.file.replace(/^\.\//, "")}`))
        .slice(0, 2)
        .map((bin) => commandIn(folder, [node, bin.file])),
    ],
    standIns,
  };
}
