import { constants } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { makePrivateFolder, syncFolder, temporaryName } from "../files/atomic.ts";

/** Larger than any key of ours; keeps a mistaken path from being read whole. */
const MAX_KEY_FILE_BYTES = 16 * 1024;

/** What is special about one kind of key: how a new one is made, and how its text is read (throws on damage). */
export interface KeyKind<K> {
  readonly name: string;
  generate(): string | Promise<string>;
  parse(text: string): K | Promise<K>;
}

/**
 * Reads a private key, or makes it: whole, mode 0600, in a folder of mode 0700. Where several processes do so at the
 * same time, the first wins and all of them get its key.
 * @throws ThymusError KEY_PERMISSIONS (somebody else may read or has written it), KEY_INVALID (damaged), UNREADABLE
 */
export async function loadOrCreateKey<K>(file: string, kind: KeyKind<K>): Promise<K> {
  const existing = await readKey(file, kind);
  if (existing !== null) return existing;
  await createKey(file, await kind.generate());
  const created = await readKey(file, kind);
  if (created !== null) return created;
  throw new ThymusError("UNREADABLE", `${file} vanished while it was created`, "start again");
}

/** As `loadOrCreateKey`, but null where there is no such file. */
export async function readKey<K>(file: string, kind: KeyKind<K>): Promise<K | null> {
  const text = await readKeyText(file);
  if (text === null) return null;
  try {
    return await kind.parse(text);
  } catch (cause) {
    throw new ThymusError(
      "KEY_INVALID",
      `${file} holds no usable ${kind.name}`,
      "restore it from a backup, or move it away to have a new one made",
      { cause },
    );
  }
}

async function readKeyText(file: string): Promise<string | null> {
  try {
    // O_NONBLOCK: a FIFO in its place must not stall the start.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { mode, uid, size } = await handle.stat();
      const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
      if (!isFile || size > MAX_KEY_FILE_BYTES) {
        throw new ThymusError("KEY_INVALID", `${file} is no key file`, "move it away to have a new one made");
      }
      checkPrivate(file, mode, uid);
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof ThymusError) throw thrown;
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ThymusError(
      "UNREADABLE",
      `${file} cannot be read: ${(thrown as Error).message}`,
      "run this as the user who owns it",
      { cause: thrown },
    );
  }
}

function checkPrivate(file: string, mode: number, owner: number): void {
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    throw new ThymusError(
      "KEY_PERMISSIONS",
      `${file} is open to other users (mode ${octal})`,
      `chmod 600 ${file}`,
    );
  }
  const user = process.geteuid?.();
  // Only root can come here with a foreign file: its owner would know and choose root's key.
  if (user !== undefined && owner !== user && owner !== 0) {
    throw new ThymusError("KEY_PERMISSIONS", `${file} belongs to user ${owner}`, `chown ${user} ${file}`);
  }
}

/** A hard link, unlike a rename, fails where the name exists: so no process ever overwrites another's key. */
async function createKey(file: string, text: string): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await makePrivateFolder(dirname(file));
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, file).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "EEXIST") throw thrown;
    });
    await syncFolder(dirname(file));
  } catch (cause) {
    throw new ThymusError(
      "STORE_FAILED",
      `${file} cannot be created: ${(cause as Error).message}`,
      "make its folder writable",
      { cause },
    );
  } finally {
    await rm(temporary, { force: true });
  }
}
