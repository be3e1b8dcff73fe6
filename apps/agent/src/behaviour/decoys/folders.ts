import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Endings of what people write, draw and keep; code is the business of its tools. */
const endings = new Set(
  (
    "docx xlsx pptx docm xlsm doc xls ppt odt ods odp odg rtf pdf epub txt md csv tsv eml msg vcf ics " +
    "jpg jpeg png gif tif tiff webp heic psd svg djvu ps mp3 m4a flac wav ogg mp4 m4v mkv mov avi webm wmv " +
    "mdb accdb sqlite kdbx dwg dxf vsdx pages numbers key tex bib zip 7z rar bak"
  ).split(" "),
);
/** What lies at the top of a checkout, a program's project or a cache: there every new file is some tool's business. */
const foreign = new Set([
  ...[".git", ".hg", ".svn", ".jj", ".bzr", "package.json", "node_modules", "Cargo.toml", "go.mod"],
  ...[
    "pyproject.toml",
    "setup.py",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "Gemfile",
  ],
  ...["Makefile", "CMakeLists.txt", "meson.build", "configure.ac", "debian", "CACHEDIR.TAG", ".nomedia"],
]);
/** Documents from which on a folder is one of documents. */
const SOME = 3;
/** Folders that one round looks into. */
const MOST = 20_000;

/** A folder in which decoys belong, and how many files it has that are no decoys. */
export interface DocumentFolder {
  readonly path: string;
  readonly files: readonly string[];
}

export interface FolderOptions {
  /** True for what is not to be entered (mounts of others, Thymus's own data). */
  readonly skip: (folder: string) => boolean;
  readonly isDecoy: (path: string) => boolean;
}

interface Entry {
  readonly name: string;
  isDirectory(): boolean;
  isFile(): boolean;
}

const isDocument = (name: string): boolean => {
  const dot = name.lastIndexOf(".");
  return dot > 0 && endings.has(name.slice(dot + 1).toLowerCase());
};

/** What is in one folder, if decoys belong there by what it holds; null where they do not. */
export async function documentsIn(path: string, options: FolderOptions): Promise<DocumentFolder | null> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  return entries && looked(path, entries, options);
}

function looked(path: string, entries: readonly Entry[], { isDecoy }: FolderOptions): DocumentFolder | null {
  if (entries.some(({ name }) => foreign.has(name))) return null;
  const files = entries.filter((each) => each.isFile() && !isDecoy(join(path, each.name)));
  const names = files.map(({ name }) => name);
  return names.filter(isDocument).length >= SOME ? { path, files: names } : null;
}

/** Folders of documents below a root, the nearest first; hidden ones, checkouts and projects are not entered. */
export async function* documentFoldersBelow(
  root: string,
  options: FolderOptions,
): AsyncGenerator<DocumentFolder> {
  let level = [root];
  for (let seen = 0; level.length > 0; ) {
    const next: string[] = [];
    for (const folder of level) {
      if (seen++ >= MOST) return;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      if (folder !== root && entries.some(({ name }) => foreign.has(name))) continue;
      const found = folder === root ? null : looked(folder, entries, options);
      if (found) yield found;
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isDirectory() && !entry.name.startsWith(".") && !options.skip(path)) next.push(path);
      }
    }
    level = next.sort();
  }
}

/** Whether a folder below a root may have decoys by what is above it: nothing hidden, no checkout, no project. */
export async function isEntered(
  root: string,
  folder: string,
  skip: (folder: string) => boolean,
): Promise<boolean> {
  for (let path = folder; path !== root; path = dirname(path)) {
    if (!path.startsWith(`${root}/`) || skip(path) || path.slice(path.lastIndexOf("/") + 1).startsWith("."))
      return false;
    for (const name of foreign) if (await lstat(join(path, name)).catch(() => null)) return false;
  }
  return true;
}
