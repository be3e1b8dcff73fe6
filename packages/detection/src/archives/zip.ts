import {
  configure,
  ERR_OVERLAPPING_ENTRY,
  type FileEntry,
  Uint8ArrayReader,
  ZipReader,
} from "@zip.js/zip.js";
import { type Budget, Exhausted } from "./budget.ts";
import { type ArchiveEntry, filePermissions, Unreadable } from "./entry.ts";

configure({ useWebWorkers: false, useCompressionStream: true });

/** What analysts and senders of suspect files agree on. */
const passwords = ["infected", "malware"];
const FORMAT = 0o170000;
const LINK = 0o120000;
const FOLDER = 0o040000;
const FILE = 0o100000;

class TooLarge extends Error {}

/** Members in the order of the central directory: stored, deflated, with or without zip64, descriptors, encryption. */
export async function* readZip(bytes: Uint8Array, budget: Budget): AsyncGenerator<ArchiveEntry> {
  const reader = new ZipReader(new Uint8ArrayReader(bytes), {
    strictness: "tolerant",
    filenameValidation: "tolerant",
    checkOverlappingEntry: true,
    useWebWorkers: false,
  });
  let password: string | null = null;
  for await (const entry of reader.getEntriesGenerator()) {
    const unix = entry.externalFileAttributes >>> 16;
    const format = unix & FORMAT;
    const file = entry as FileEntry;
    const get = async (limit: number) => {
      if (!entry.encrypted) return unpack(file, limit, budget, undefined);
      for (const word of password === null ? passwords : [password])
        try {
          const content = await unpack(file, limit, budget, word);
          password = word;
          return content;
        } catch (error) {
          // A wrong word passes the check of ZipCrypto once in 256 times and then gives rubbish.
          if (error instanceof Exhausted || error instanceof Unreadable) throw error;
        }
      throw new Unreadable("need a PASSWORD");
    };
    const kind = entry.directory || format === FOLDER ? "folder" : format === LINK ? "link" : "file";
    const strange = format !== 0 && ![FILE, FOLDER, LINK].includes(format);
    yield {
      // Made on Windows, some use its separator.
      path: entry.filename.replaceAll("\\", "/"),
      mode: filePermissions(unix),
      kind: strange ? "device" : kind,
      target: kind === "link" ? Buffer.from((await get(4096)) ?? []).toString("utf8") : "",
      read: get,
    };
  }
}

async function unpack(
  entry: FileEntry,
  limit: number,
  budget: Budget,
  password: string | undefined,
): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      size += chunk.length;
      budget.work(chunk.length);
      if (budget.isBomb(entry.compressedSize, size)) throw new Unreadable("grow too much");
      if (size > limit) throw new TooLarge();
      parts.push(chunk.slice());
    },
  });
  try {
    await entry.getData(sink, {
      ...(password === undefined ? {} : { password }),
      checkOverlappingEntry: true,
      checkSignature: true,
    });
  } catch (error) {
    if (error instanceof TooLarge) return null;
    if (error instanceof Exhausted || error instanceof Unreadable) throw error;
    if (error instanceof Error && error.message === ERR_OVERLAPPING_ENTRY) throw new Unreadable("overlap");
    if (password !== undefined) throw error;
    throw new Unreadable("are damaged");
  }
  return Buffer.concat(parts);
}
