/** Opens an archive of any kind, and the archives in it. */
import { identifyFile } from "@thymus/detection";
import { type Budget, Exhausted } from "../budget.ts";
import { isAr, readAr } from "./ar.ts";
import { collect } from "./collect.ts";
import { compressionOf, decompress } from "./compression.ts";
import { readCpio } from "./cpio.ts";
import { type ArchiveEntry, type ArchiveReader, filePermissions } from "./entry.ts";
import { folderName } from "./path.ts";
import { isRpm, readRpm } from "./rpm.ts";
import { isTar, readTarStream } from "./tar.ts";
import { readTree, type Tree } from "./tree.ts";
import { readZip } from "./zip.ts";

/** Kinds of archive that are known by name only. */
const closed: readonly { magic: string; name: string }[] = [
  { magic: "7z\xbc\xaf\x27\x1c", name: "7-Zip" },
  { magic: "Rar!\x1a\x07", name: "RAR" },
  { magic: "MSCF\0\0\0\0", name: "Windows cabinet" },
  { magic: "hsqs", name: "squashfs" },
];

export function closedArchive(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 8)).toString("latin1");
  return closed.find(({ magic }) => head.startsWith(magic))?.name ?? null;
}

const isZip = (bytes: Uint8Array) =>
  bytes[0] === 0x50 &&
  bytes[1] === 0x4b &&
  ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));

/** A stream that was compressed: the tar in it, or the one file that it is. */
function readCompressed(name: string): ArchiveReader {
  return async function* (bytes, budget) {
    const chunks = decompress(bytes, compressionOf(bytes)!, budget);
    const first: Uint8Array[] = [];
    let size = 0;
    while (size < 512) {
      const { done, value } = await chunks.next();
      if (done) break;
      first.push(value);
      size += value.length;
    }
    const head = Buffer.concat(first);
    const all = async function* () {
      yield head;
      yield* chunks;
    };
    if (isTar(head)) yield* readTarStream(all(), budget);
    else yield single(name, (limit) => collect(all(), limit));
  };
}

function single(path: string, read: ArchiveEntry["read"]): ArchiveEntry {
  return { path, mode: filePermissions(0), kind: "file", target: "", read };
}

async function* readMembers(bytes: Uint8Array, budget: Budget): AsyncGenerator<ArchiveEntry> {
  // Members whose names begin so are the index and the names of an archive of objects.
  for (const { name, content } of readAr(bytes, budget.limits.entries + 1))
    if (!name.startsWith("/") && !name.startsWith("__.SYMDEF"))
      yield single(name, async (limit) => (content.length > limit ? null : content));
}

async function* readPayload(bytes: Uint8Array, budget: Budget): AsyncGenerator<ArchiveEntry> {
  const rpm = readRpm(bytes);
  if (!rpm) throw new Error("the package is damaged");
  const format = compressionOf(rpm.payload);
  const cpio = format
    ? await collect(decompress(rpm.payload, format, budget), budget.limits.worked)
    : rpm.payload;
  if (!cpio) throw new Exhausted("its payload is too large");
  yield* readCpio(cpio);
}

/** How these bytes are opened, or null where they are no archive that is known here. */
export function readerFor(bytes: Uint8Array, name: string): ArchiveReader | null {
  if (isZip(bytes)) return readZip;
  if (compressionOf(bytes)) return readCompressed(folderName(name));
  if (isAr(bytes)) return readMembers;
  if (isRpm(bytes)) return readPayload;
  if (isTar(bytes)) return (given, budget) => readTarStream([given], budget);
  return null;
}

/** Documents and the like that are archives only inside. */
const documents = /\.(docx|xlsx|pptx|od[tspg]|epub|xpi|crx|apk|ipa)$/i;

export interface Opened {
  /** Relative to the folder of the sample. */
  readonly folder: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly tree: Tree;
  /** 0: the sample itself. */
  readonly depth: number;
}

/**
 * The archive and those in it, outermost first. A nested one is opened beside itself, below the folder in which it lies.
 * Never throws for what the archives are.
 */
export async function openAll(bytes: Uint8Array, name: string, budget: Budget): Promise<Opened[]> {
  const opened: Opened[] = [];
  const queue: { bytes: Uint8Array; name: string; folder: string; depth: number }[] = [
    { bytes, name, folder: folderName(name), depth: 0 },
  ];
  const taken = new Set(queue.map(({ folder }) => folder));
  for (let next = queue.shift(); next; next = queue.shift()) {
    const reader = readerFor(next.bytes, next.name);
    if (!reader) continue;
    const tree = await readTree(reader, next.bytes, budget);
    opened.push({ ...next, tree });
    if (tree.cut !== null && isOver(budget)) break;
    for (const [path, file] of tree.files) {
      const type = identifyFile(file.content, path);
      if ((type !== "archive" && type !== "npm") || documents.test(path)) continue;
      const full = `${next.folder}/${path}`;
      if (next.depth >= budget.limits.depth) {
        tree.leave("are archives too deep inside others");
        continue;
      }
      let folder = full.replace(/[^/]+$/, (own) => folderName(own));
      while (taken.has(folder) || tree.files.has(folder.slice(next.folder.length + 1))) folder += "_";
      taken.add(folder);
      queue.push({ bytes: file.content, name: path.replace(/^.*\//, ""), folder, depth: next.depth + 1 });
    }
  }
  return opened;
}

function isOver(budget: Budget): boolean {
  try {
    budget.work(0);
    return budget.room <= 0;
  } catch {
    return true;
  }
}
