import { type Dir, type Dirent, opendirSync } from "node:fs";
import { lstat, readlink, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts/errors";
import type { SkipReason } from "./protocol.ts";
import { PSEUDO_FILE_SYSTEMS } from "./pseudo.ts";

export interface WalkListener {
  onError(path: string, error: ThymusError): void;
  onSkip(path: string, why: SkipReason): void;
  /** True for a folder below the given paths that is not entered, nor touched. */
  skip?: ((folder: string) => boolean) | undefined;
}

interface Folder {
  readonly path: string;
  /** Device of the parent folder, to see where another file system begins. */
  readonly parentDevice: number | null;
}

/**
 * Streams the regular files under the given paths. Never follows a symbolic link; passes over FIFOs, sockets, devices
 * and the kernel's own file systems. Memory grows with the number of folders still to be read, not with the files.
 */
export async function* walkFiles(paths: readonly string[], listener: WalkListener): AsyncGenerator<string> {
  for (const path of paths) {
    const found = await named(path, listener);
    if (found === "file") yield path;
    if (found !== "folder") continue;
    const stack: Folder[] = [{ path, parentDevice: null }];
    for (let folder = stack.pop(); folder; folder = stack.pop()) {
      yield* readFolder(folder, stack, listener);
    }
  }
}

/** A path that a person named: what is wrong with it is told, not passed over. */
async function named(path: string, listener: WalkListener): Promise<"file" | "folder" | null> {
  try {
    const stat = await lstat(path);
    if (stat.isFile()) return "file";
    if (stat.isDirectory()) return "folder";
    if (stat.isSymbolicLink()) {
      const target = await readlink(path);
      const hint = `name its target instead: ${target}`;
      listener.onError(path, new ThymusError("NOT_A_FILE", `${path} is a symbolic link`, hint));
      return null;
    }
    listener.onSkip(path, "special");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    listener.onError(
      path,
      missing
        ? new ThymusError("NOT_FOUND", `${path} does not exist`, "check the path", { cause })
        : unreadable(path, cause),
    );
  }
  return null;
}

async function* readFolder(folder: Folder, stack: Folder[], listener: WalkListener): AsyncGenerator<string> {
  let directory: Dir;
  let device: number;
  try {
    device = (await lstat(folder.path)).dev;
    if (device !== folder.parentDevice && PSEUDO_FILE_SYSTEMS.has((await statfs(folder.path)).type)) {
      listener.onSkip(folder.path, "special");
      return;
    }
    // A file system that does not answer has kept the call above, which keeps nobody else; entries come quicker without a thread between.
    directory = opendirSync(folder.path, { bufferSize: 256 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT")
      listener.onError(folder.path, unreadable(folder.path, cause));
    return;
  }
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      const path = join(folder.path, entry.name);
      if (!entry.isFile() && listener.skip?.(path)) continue;
      const kind = entry.isFile() ? "file" : entry.isDirectory() ? "folder" : await kindOf(entry, path);
      if (kind === "folder") stack.push({ path, parentDevice: device });
      else if (kind === "file") yield path;
      else listener.onSkip(path, "special");
    }
  } catch (cause) {
    listener.onError(folder.path, unreadable(folder.path, cause));
  } finally {
    directory.closeSync();
  }
}

/** Some file systems do not tell the type with the name. */
async function kindOf(entry: Dirent, path: string): Promise<"file" | "folder" | "special"> {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  const known =
    entry.isSymbolicLink() ||
    entry.isFIFO() ||
    entry.isSocket() ||
    entry.isCharacterDevice() ||
    entry.isBlockDevice();
  if (known) return "special";
  try {
    const stat = await lstat(path);
    return stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "special";
  } catch {
    return "special";
  }
}

function unreadable(path: string, cause: unknown): ThymusError {
  const message = `${path} cannot be read: ${(cause as Error).message}`;
  return new ThymusError("UNREADABLE", message, "check its permissions", { cause });
}
