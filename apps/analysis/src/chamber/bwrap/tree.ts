/** The file tree of one run: the chamber's own root, of which /usr is shared and all else a copy. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { runTool } from "../build/tool.ts";
import { chamberPaths } from "../paths.ts";

/** Where the root file system lies unpacked. */
export const unpackedRoot = (dataDir: string): string => join(dataDir, "bwrap-root");

/**
 * Unpacks the chamber's root file system, once. Needs to write to the chamber's folder.
 * @throws ThymusError TOOL_MISSING, TOOL_FAILED, INTERRUPTED
 */
export async function unpackRoot(dataDir: string, signal?: AbortSignal): Promise<void> {
  const root = unpackedRoot(dataDir);
  const { root: image } = chamberPaths(dataDir);
  if (existsSync(root)) {
    if ((await lstat(root)).mtimeMs >= (await lstat(image)).mtimeMs) return;
    await rm(root, { recursive: true, force: true });
  }
  const partial = `${root}.${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await runTool("unsquashfs", ["-q", "-n", "-no-xattrs", "-d", partial, image], { signal });
  await runTool("touch", [partial]);
  await rename(partial, root);
}

/** Folders of a run that the sample may change; /usr/local is bound over the shared /usr. */
export interface Tree {
  readonly root: string;
  readonly local: string;
}

const emptyFolders = ["dev", "proc", "sys", "run", "tmp", "mnt", "media", "usr"];

/** @throws ThymusError CHAMBER_NOT_BUILT, TOOL_FAILED */
export async function makeTree(dataDir: string, folder: string, signal?: AbortSignal): Promise<Tree> {
  const image = unpackedRoot(dataDir);
  if (!existsSync(image))
    throw new ThymusError(
      "CHAMBER_NOT_BUILT",
      "the root of the bwrap chamber is not unpacked",
      "choose it again",
    );
  const tree = { root: join(folder, "root"), local: join(folder, "local") };
  await mkdir(tree.root);
  for (const name of await readdir(image)) {
    const from = join(image, name);
    if ((await lstat(from)).isSymbolicLink()) await symlink(await readlink(from), join(tree.root, name));
    else if (emptyFolders.includes(name)) await mkdir(join(tree.root, name), { recursive: true });
    else await runTool("cp", ["-a", "--no-preserve=ownership", from, join(tree.root, name)], { signal });
  }
  for (const name of emptyFolders) await mkdir(join(tree.root, name), { recursive: true });
  await mkdir(join(tree.root, "run", "shm"), { recursive: true });
  await runTool("cp", ["-a", "--no-preserve=ownership", join(image, "usr/local"), tree.local], { signal });
  return tree;
}

/** Where a path of the sample's world lies on the host; null where the sample's /usr is shared and nobody may write. */
export function hostPath(tree: Tree, path: string): string | null {
  if (path.startsWith("/usr/local/")) return join(tree.local, path.slice("/usr/local/".length));
  return /^\/(usr|bin|sbin|lib\w*|proc|dev|sys)(\/|$)/.test(path) ? null : join(tree.root, path);
}

export async function layFile(tree: Tree, path: string, mode: number, content: Uint8Array): Promise<boolean> {
  const at = hostPath(tree, path);
  if (at === null) return false;
  await mkdir(dirname(at), { recursive: true });
  await writeFile(at, content);
  await chmod(at, mode | 0o400);
  return true;
}

/** Regular files below a folder with their change times; links are not followed. */
export async function listFiles(folder: string, prefix: string, most: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const walk = async (at: string, path: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      if (found.size >= most) return;
      const [host, own] = [join(at, entry.name), `${path}/${entry.name}`];
      if (entry.isDirectory()) await walk(host, own);
      else if (entry.isFile()) {
        const { size, ctimeNs } = await lstat(host, { bigint: true });
        found.set(own, `${size} ${ctimeNs}`);
      }
    }
  };
  await walk(folder, prefix);
  return found;
}

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Bytes of a plain file, null where it is none or too large. */
export async function readPlain(path: string, most: number): Promise<Buffer | null> {
  const facts = await lstat(path).catch(() => null);
  return facts?.isFile() && facts.size <= most ? readFile(path) : null;
}
