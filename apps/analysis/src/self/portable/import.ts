import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import {
  type CorpusFile,
  CorpusManifest,
  PortableSelf,
  parseJsonDocument,
  type Sha256,
  ThymusError,
} from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { headerBits } from "../absence/file.ts";
import { fileBytes } from "../absence/memory.ts";
import { mergeFilters } from "../absence/merge.ts";
import { corpusDigest, encodeFiles } from "../files/file-list.ts";
import { holdCorpus } from "../files/hold.ts";
import { layout, readManifest, removeOld } from "../files/layout.ts";
import { mergeTables } from "../model/merge.ts";
import { decodeTables, encodeTables, ORDER } from "../model/tables.ts";
import { firstBroken, mergeHashes } from "./hashes.ts";

const MAX_HEADER_BYTES = 65536;

/** What was taken from other machines, as it stands in the manifest. */
export type Imported = NonNullable<CorpusManifest["imported"]>;

interface Parts {
  readonly hashes: string;
  readonly model: Uint8Array;
  readonly index: Uint8Array;
  readonly labels: Uint8Array | null;
}

interface Portable {
  readonly header: PortableSelf;
  readonly parts: Parts;
}

/**
 * Adds the self of another machine to a corpus: hashes unite, counts add, filters join. The same one again changes
 * nothing. Its files are not here: no goodware scan covers them.
 * @throws ThymusError DOCUMENT_INVALID where the file is damaged, with the place; UNREADABLE; CONFLICT where another process
 *   changes the corpus
 */
export async function importCorpus(dir: string, file: string): Promise<PortableSelf> {
  const portable = await readPortable(file);
  const release = await holdCorpus(dir);
  try {
    return await importAlone(dir, portable);
  } finally {
    release();
  }
}

async function importAlone(dir: string, { header, parts }: Portable): Promise<PortableSelf> {
  const old = await current(dir);
  const before = old?.imported;
  if (before?.from.some(({ digest }) => digest === header.digest)) return header;
  const joined = before ? join(await stored(dir, before), parts) : parts;
  const { digest, files, bytes, made } = header;
  const imported: Imported = {
    from: [...(before?.from ?? []), { digest, files, bytes, made }],
    hashes: { count: joined.hashes.split("\n").length - 1, sha256: digestOf(joined.hashes) },
    model: {
      order: ORDER,
      bytes: header.model.bytes + (before?.model.bytes ?? 0),
      sha256: digestOf(joined.model),
    },
    index: {
      sha256: digestOf(joined.index),
      bits: headerBits(joined.index)!,
      staleBytes: header.index.staleBytes + (before?.index.staleBytes ?? 0),
    },
    ...(joined.labels && {
      labels: {
        sha256: digestOf(joined.labels),
        bits: headerBits(joined.labels)!,
        staleBytes: (header.labels?.staleBytes ?? 0) + (before?.labels?.staleBytes ?? 0),
      },
    }),
  };
  await writeFileAtomic(layout(dir).hashes(imported.hashes.sha256), joined.hashes);
  await writeFileAtomic(layout(dir).model(imported.model.sha256), joined.model);
  await writeFileAtomic(layout(dir).index(imported.index.sha256), joined.index);
  if (joined.labels) await writeFileAtomic(layout(dir).labels(imported.labels!.sha256), joined.labels);
  await failpoint("analysis.corpus.imported");
  const own = old && old.files > 0 ? old : { ...(await nothingOwn(dir, imported)), lists: old?.lists };
  const manifest = CorpusManifest.parse({ ...own, imported });
  await writeFileAtomic(layout(dir).manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  await removeOld(dir, manifest);
  return header;
}

/** Reads and checks a portable self whole. */
async function readPortable(file: string): Promise<Portable> {
  const handle = await open(file, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new ThymusError("UNREADABLE", `${file} cannot be read (${cause.code})`, "check the path", {
      cause,
    });
  });
  try {
    const head = Buffer.alloc(MAX_HEADER_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const end = head.subarray(0, bytesRead).indexOf(10);
    const header = parseJsonDocument(PortableSelf, head.toString("utf8", 0, Math.max(0, end)), file);
    let at = end + 1;
    const total =
      at + header.hashes.size + header.model.size + header.index.size + (header.labels?.size ?? 0);
    const { size } = await stat(file);
    if (size !== total) throw damaged(file, `it has ${size} bytes instead of ${total}`);
    const section = async (name: "hashes" | "model" | "index" | "labels") => {
      const { size, sha256 } = header[name]!;
      const bytes = Buffer.from(new ArrayBuffer(size));
      for (let got = 0; got < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, got, bytes.length - got, at + got);
        if (bytesRead === 0) throw damaged(file, `it ends within its ${name}`);
        got += bytesRead;
      }
      const place = `its ${name}, bytes ${at} to ${at + bytes.length - 1}`;
      at += bytes.length;
      if (digestOf(bytes) !== sha256) throw damaged(file, place);
      return { bytes, place };
    };
    const hashes = await section("hashes");
    const text = hashes.bytes.toString("latin1");
    const broken = firstBroken(text);
    if (broken) throw damaged(file, `${hashes.place}: line ${broken}`);
    const model = await section("model");
    if (!decodeTables(model.bytes.buffer as ArrayBuffer)) throw damaged(file, model.place);
    const index = await section("index");
    if (!isFilter(index.bytes, header.index.bits)) throw damaged(file, index.place);
    const labels = header.labels ? await section("labels") : null;
    if (labels && !isFilter(labels.bytes, header.labels!.bits)) throw damaged(file, labels.place);
    return {
      header,
      parts: { hashes: text, model: model.bytes, index: index.bytes, labels: labels?.bytes ?? null },
    };
  } finally {
    await handle.close();
  }
}

function isFilter(bytes: Uint8Array, bits: number): boolean {
  return headerBits(bytes) === bits && bytes.length === fileBytes(bits);
}

function damaged(file: string, where: string): ThymusError {
  return new ThymusError(
    "DOCUMENT_INVALID",
    `${file} is damaged: ${where}`,
    "export it again and copy it whole",
  );
}

async function current(dir: string): Promise<CorpusManifest | null> {
  try {
    return await readManifest(dir);
  } catch (cause) {
    if (cause instanceof ThymusError && cause.code === "CORPUS_MISSING") return null;
    throw cause;
  }
}

async function stored(dir: string, imported: Imported): Promise<Parts> {
  const read = async (path: string, sha256: Sha256) => {
    const bytes = await readFile(path).catch(() => null);
    if (bytes && digestOf(bytes) === sha256) return bytes;
    throw new ThymusError(
      "CORPUS_MISSING",
      `what was imported into the corpus in ${dir} is damaged (${path})`,
      "remove the folder, build the corpus and import the files again",
    );
  };
  return {
    hashes: (await read(layout(dir).hashes(imported.hashes.sha256), imported.hashes.sha256)).toString(
      "latin1",
    ),
    model: await read(layout(dir).model(imported.model.sha256), imported.model.sha256),
    index: await read(layout(dir).index(imported.index.sha256), imported.index.sha256),
    labels: imported.labels
      ? await read(layout(dir).labels(imported.labels.sha256), imported.labels.sha256)
      : null,
  };
}

function join(a: Parts, b: Parts): Parts {
  const tables = [a.model, b.model].map((bytes) => decodeTables(Uint8Array.from(bytes).buffer)!);
  return {
    hashes: mergeHashes(a.hashes, b.hashes),
    model: encodeTables(mergeTables(tables[0]!, tables[1]!)),
    index: mergeFilters(a.index, b.index),
    labels: a.labels && b.labels ? mergeFilters(a.labels, b.labels) : (a.labels ?? b.labels),
  };
}

/** A corpus without files of its own: statistics and index are those that were imported. */
async function nothingOwn(dir: string, { model, index }: Imported): Promise<CorpusManifest> {
  const files: CorpusFile[] = [];
  const digest = corpusDigest(files);
  await writeFileAtomic(layout(dir).list(digest), encodeFiles(files));
  return CorpusManifest.parse({
    version: 1,
    digest,
    ...{ files: 0, bytes: 0, made: new Date().toISOString(), sources: [], model, index },
  });
}

function digestOf(bytes: string | Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex") as Sha256;
}
