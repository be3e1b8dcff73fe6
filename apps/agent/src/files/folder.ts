import { fstatSync } from "node:fs";
import { constants, type FileHandle, open, readlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { syncTogether } from "@thymus/store";

/**
 * A folder that is held open. Work on its files goes through the open folder, not through its name, so that nobody can
 * lead the agent elsewhere by replacing a part of the path with a symbolic link in between.
 */
export class Folder {
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** @throws ThymusError NOT_A_FILE where any part of the path is a symbolic link; the system's error where it is missing */
  static async open(path: string): Promise<Folder> {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const folder = new Folder(path, handle);
    if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== path) {
      await handle.close();
      throw new ThymusError(
        "NOT_A_FILE",
        `a part of ${path} is a symbolic link`,
        "name the folder by its real path",
      );
    }
    return folder;
  }

  /** How to name an entry of this folder in a system call. */
  at(name: string): string {
    return join(`/proc/self/fd/${this.#handle.fd}`, name);
  }

  /** Makes renames and removals durable. */
  sync(): Promise<void> {
    const { dev, ino } = fstatSync(this.#handle.fd, { bigint: true });
    return syncTogether(`${dev}:${ino}`, () => this.#handle.sync());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Opens the folder of `path`, gives it with the last part of the path, and closes it again. */
export async function inFolderOf<T>(
  path: string,
  work: (folder: Folder, name: string) => Promise<T>,
): Promise<T> {
  const folder = await Folder.open(dirname(path));
  try {
    return await work(folder, basename(path));
  } finally {
    await folder.close();
  }
}
