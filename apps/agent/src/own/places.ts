import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ownFolder } from "../files/protected.ts";

/** What kind of our own a file is: that decides who may change it. */
export type OwnKind = "key" | "trust" | "config" | "unit" | "code" | "store";

export interface OwnFile {
  readonly path: string;
  readonly kind: OwnKind;
}

/** Where Thymus itself lies on this machine. */
export interface OwnPlaces {
  /** DIR/agent */
  readonly dataDir: string;
  /** Configuration files, present or not. */
  readonly configs: readonly string[];
  /** Folders of units; of these only what is named after Thymus. */
  readonly units: readonly string[];
  /** The installed program. */
  readonly code: string;
  /** The runtime and the libraries that this process has loaded. */
  readonly loaded: readonly string[];
}

/** More files than these are not looked at: something else then lies in our folder. */
const MOST = 20_000;

export function placesOf(dataDir: string, configFile: string | null): OwnPlaces {
  return {
    dataDir,
    configs: [...new Set([join(dirname(dataDir), "thymus.toml"), ...(configFile ? [configFile] : [])])],
    units: ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"],
    code: ownFolder(),
    loaded: loadedFiles(),
  };
}

/** Files that this process runs: the runtime, its libraries, native modules. */
export function loadedFiles(): string[] {
  const found = new Set([process.execPath]);
  try {
    for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
      const path = line.slice(73).trim();
      if (/^\S+ r-xp/.test(line) && path.startsWith("/") && !path.endsWith(" (deleted)")) found.add(path);
    }
  } catch {
    // No such file on this system: the runtime alone.
  }
  return [...found];
}

/** All own files that are there now. */
export async function ownFiles(places: OwnPlaces): Promise<OwnFile[]> {
  const found: OwnFile[] = [];
  const add = (kind: OwnKind, paths: readonly string[]) => {
    for (const path of paths) if (found.length < MOST) found.push({ path, kind });
  };
  const { dataDir } = places;
  add("key", [...(await below(join(dataDir, "keys"))), join(dataDir, "enrolment.json")]);
  add("trust", await below(join(dataDir, "tuf")));
  add("config", places.configs);
  add("store", [join(dataDir, "agent.db")]);
  for (const folder of places.units)
    for (const name of await names(folder))
      if (/^thymus.*\.service$/.test(name)) add("unit", [join(folder, name)]);
      else if (/^thymus.*\.service\.d$/.test(name)) add("unit", await below(join(folder, name)));
  for (const part of ["apps", "packages"])
    add(
      "code",
      (await below(join(places.code, part))).filter((path) => /\.(ts|js|mjs|json|html)$/.test(path)),
    );
  add("code", places.loaded);
  return found;
}

const names = (folder: string) => readdir(folder).catch((): string[] => []);

async function below(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile()) found.push(path);
    else if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
      found.push(...(await below(path)));
  }
  return found;
}
