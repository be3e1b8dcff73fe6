/** Python packages: sdists and wheels, installed from the fake registry, imported, their entry points run. */
import type { PlannedCommand } from "../../chamber/chamber.ts";
import { commandIn, guestUser, shellWords } from "./command.ts";
import type { PackagePlan } from "./npm.ts";

type Files = ReadonlyMap<string, { readonly content: Uint8Array }>;

const identifier = /^[A-Za-z_]\w{0,100}$/;
const pyName = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/;
const pyVersion = /^\d[\w.!+-]{0,60}$/;
/** What stands beside a package and is none of it. */
const aside = /^(setup|conftest|tests?|docs?|examples?|build|dist|noxfile|tasks|fabfile)$/;

const text = (files: Files, path: string) =>
  Buffer.from(files.get(path)?.content.subarray(0, 65_536) ?? []).toString("utf8");

function field(metadata: string, name: string): string | null {
  const head = metadata.split(/\r?\n\r?\n/)[0] ?? "";
  return new RegExp(`^${name}:(.+)$`, "m").exec(head)?.[1]?.trim() ?? null;
}

export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  readonly kind: "sdist" | "wheel";
  /** Folder in the archive from which modules can be imported; empty for its top. */
  readonly root: string;
  /** Folder in the archive with setup.py; null for a wheel. */
  readonly project: string | null;
  readonly modules: readonly string[];
  readonly entryPoints: readonly { readonly name: string; readonly module: string; readonly call: string }[];
  readonly tag: string;
}

/** Modules that lie directly in a folder: packages with an `__init__.py`, and files. */
function modulesIn(files: Files, root: string): string[] {
  const prefix = root === "" ? "" : `${root}/`;
  const found = new Set<string>();
  for (const path of files.keys()) {
    if (!path.startsWith(prefix)) continue;
    const [first, second, ...more] = path.slice(prefix.length).split("/");
    const name =
      second === undefined
        ? /^(\w+)\.py$/.exec(first!)?.[1]
        : more.length === 0 && second === "__init__.py"
          ? first
          : undefined;
    if (name !== undefined && identifier.test(name) && !aside.test(name)) found.add(name);
  }
  return [...found];
}

/** `name = module:call` lines below `[console_scripts]`. */
function entryPointsOf(ini: string): PythonPackage["entryPoints"] {
  const section = /\[(?:console|gui)_scripts\]([^[]*)/.exec(ini)?.[1] ?? "";
  return [
    ...section.matchAll(/^[ \t]*([\w.-]{1,100})[ \t]*=[ \t]*([\w.]{1,200})[ \t]*:[ \t]*([\w.]{1,100})/gm),
  ]
    .slice(0, 3)
    .map(([, name, module, call]) => ({ name: name!, module: module!, call: call! }));
}

/** What the archive's tree is as a package, or null. */
export function readPython(files: Files): PythonPackage | null {
  const paths = [...files.keys()];
  const info = paths.find((path) => /^[^/]+\.dist-info\/METADATA$/.test(path));
  if (info !== undefined) {
    const folder = info.slice(0, info.lastIndexOf("/"));
    const metadata = text(files, info);
    return whole({
      name: field(metadata, "Name"),
      version: field(metadata, "Version"),
      kind: "wheel",
      root: "",
      project: null,
      modules: modulesIn(files, ""),
      entryPoints: entryPointsOf(text(files, `${folder}/entry_points.txt`)),
      tag: field(text(files, `${folder}/WHEEL`), "Tag") ?? "py3-none-any",
    });
  }
  const start = paths
    .filter((path) => /^[^/]+\/(setup\.py|pyproject\.toml)$/.test(path) || path === "setup.py")
    .sort()
    .at(-1);
  if (start === undefined) return null;
  const project = start.includes("/") ? start.slice(0, start.lastIndexOf("/")) : "";
  const below = (path: string) => (project === "" ? path : `${project}/${path}`);
  const root = paths.some((path) => path.startsWith(`${below("src")}/`)) ? below("src") : project;
  const metadata = text(files, below("PKG-INFO"));
  const build =
    text(files, below("pyproject.toml")) + text(files, below("setup.cfg")) + text(files, below("setup.py"));
  const said = (key: string) => new RegExp(`\\b${key}\\s*=\\s*['"]?([\\w.-]+)`).exec(build)?.[1] ?? null;
  const egg = paths.find((path) => path.endsWith(".egg-info/entry_points.txt"));
  return whole({
    name: field(metadata, "Name") ?? said("name"),
    version: field(metadata, "Version") ?? said("version"),
    kind: "sdist",
    root,
    project,
    modules: modulesIn(files, root),
    entryPoints: entryPointsOf(egg === undefined ? "" : text(files, egg)),
    tag: "",
  });
}

function whole(
  found: Omit<PythonPackage, "name" | "version"> & { name: string | null; version: string | null },
): PythonPackage {
  const name = found.name !== null && pyName.test(found.name) ? found.name : "package";
  const version = found.version !== null && pyVersion.test(found.version) ? found.version : "0.0.0";
  return { ...found, name, version };
}

const install = [
  'cd "$1" || cd /',
  'pip install "$0" --user --no-input --no-build-isolation --disable-pip-version-check --no-deps && exit',
  "[ -e setup.py ] && exec python3 setup.py install --user",
].join("\n");

/** Debian's Python refuses to install beside its own packages unless told so. */
const pipVariables = { PIP_BREAK_SYSTEM_PACKAGES: "1" };

/**
 * @param bytes the package as it came
 * @param folder below the folder of downloads, where it was opened
 */
export function planPython(found: PythonPackage, bytes: Uint8Array, folder: string): PackagePlan {
  const below = (path: string) => [guestUser.downloads, folder, path].filter((part) => part !== "").join("/");
  const { name, version } = found;
  const escaped = name.replaceAll(/[-_.]+/g, "_");
  const zip = bytes[0] === 0x50;
  const file =
    found.kind === "wheel"
      ? `${escaped}-${version}-${/^[\w.]+-[\w.]+-[\w.]+$/.test(found.tag) ? found.tag : "py3-none-any"}.whl`
      : `${name}-${version}.${zip ? "zip" : "tar.gz"}`;
  const root = below(found.root);
  // Behind what was installed: where that failed, its modules still run.
  const path = `import sys; sys.path.append(${JSON.stringify(root)}); `;
  const python = (code: string): PlannedCommand =>
    commandIn(guestUser.home, ["/usr/bin/python3", "-c", path + code]);
  return {
    what: `Python ${found.kind} ${name} ${version}`,
    files: [],
    packages: [
      { ecosystem: "pypi", name, version, file: { name: file, content: bytes }, owners: ["maintainer"] },
    ],
    commands: [
      commandIn(
        guestUser.home,
        shellWords(install, `${name}==${version}`, below(found.project ?? "")),
        pipVariables,
      ),
      ...found.modules.slice(0, 3).map((module) => python(`import ${module}`)),
      ...found.entryPoints.map((entry) =>
        python(
          `sys.argv[0] = ${JSON.stringify(entry.name)}; from ${entry.module} import ${entry.call.split(".")[0]}; sys.exit(${entry.call}())`,
        ),
      ),
    ],
    standIns: [],
  };
}
