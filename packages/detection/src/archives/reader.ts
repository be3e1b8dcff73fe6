/** Readers of archives, by the first bytes of each kind. */
import { isAr, readAr } from "./ar.ts";
import { type Budget, Exhausted } from "./budget.ts";
import { collect } from "./collect.ts";
import { compressionOf, decompress } from "./compression.ts";
import { readCpio } from "./cpio.ts";
import { type ArchiveEntry, type ArchiveReader, filePermissions } from "./entry.ts";
import { isRpm, readRpm } from "./rpm.ts";
import { isTar, readTarStream } from "./tar.ts";

/** Kinds of archive that are known by name only. */
const closed: readonly { magic: string; name: string }[] = [
  { magic: "7z\xbc\xaf\x27\x1c", name: "7-Zip" },
  { magic: "Rar!\x1a\x07", name: "RAR" },
  { magic: "MSCF\0\0\0\0", name: "Windows cabinet" },
  { magic: "hsqs", name: "squashfs" },
];

/** Name of a kind that is not opened, or null. */
export function closedArchive(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 8)).toString("latin1");
  return closed.find(({ magic }) => head.startsWith(magic))?.name ?? null;
}

const isZip = (bytes: Uint8Array) =>
  bytes[0] === 0x50 &&
  bytes[1] === 0x4b &&
  ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));

/** Its library is large, and loaded with the first such archive. */
const readZip: ArchiveReader = async function* (bytes, budget) {
  yield* (await import("./zip.ts")).readZip(bytes, budget);
};

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

/**
 * How these bytes are opened, or null where they are no archive that is known here.
 * @param inner name of what lies in a compressed single file
 */
export function readerFor(bytes: Uint8Array, inner: string): ArchiveReader | null {
  if (isZip(bytes)) return readZip;
  if (compressionOf(bytes)) return readCompressed(inner);
  if (isAr(bytes)) return readMembers;
  if (isRpm(bytes)) return readPayload;
  if (isTar(bytes)) return (given, budget) => readTarStream([given], budget);
  return null;
}
