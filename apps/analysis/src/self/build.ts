import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type CorpusFile, type CorpusIndex, CorpusManifest, ThymusError } from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { filterBits } from "./absence/memory.ts";
import { corpusDigest, decodeTornFiles, encodeFiles } from "./files/file-list.ts";
import { holdCorpus } from "./files/hold.ts";
import { readJournals } from "./files/journal.ts";
import { layout, readManifest, removeOld } from "./files/layout.ts";
import { labelBits } from "./labels/labelled.ts";
import { learnModel } from "./learn/learn-model.ts";
import { readFiles } from "./learn/read-files.ts";
import { selectFiles } from "./learn/select.ts";
import { Unfinished } from "./learn/unfinished.ts";
import { isCurrent, ORDER } from "./model/tables.ts";
import type { Candidate } from "./sources/candidate.ts";
import { collectCandidates, PACKAGE_MANAGER } from "./sources/collect.ts";

export const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;
export const DEFAULT_MAX_FILE_BYTES = 128 * 1024 ** 2;
export const DEFAULT_MODEL_BYTES = 64 * 1024 ** 2;

/** Share of the bytes that the index may remember though they are gone. */
const MAX_STALE = 0.05;

export interface BuildCorpusOptions {
  /** Folder of the corpus; made if missing. */
  readonly dir: string;
  /** Folders of goodware, and `dpkg` for what this machine's package manager vouches for; only the latter unless told. */
  readonly sources?: readonly string[];
  /** Bytes of goodware to hold. */
  readonly maxBytes?: number;
  readonly maxFileBytes?: number;
  /** Bytes that the model is learned from. */
  readonly modelBytes?: number;
  readonly workers?: number;
  /** Least seconds between two savings of what was read so far; 15 unless told. */
  readonly saveSeconds?: number;
  /** `total` is 0 where it is not known. */
  readonly onProgress?: (step: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Learns self: lists and digests goodware, remembers which bytes stand in it and learns its statistics. Can be interrupted at any point and started again;
 * what has been read already (same size and time of change) is not read again. The old corpus stays until the new one is
 * complete.
 * @throws ThymusError CORPUS_MISSING where the sources hold no file, NOT_FOUND, INTERRUPTED, CONFLICT where another process
 *   changes the corpus
 */
export async function buildCorpus(options: BuildCorpusOptions): Promise<CorpusManifest> {
  const release = await holdCorpus(options.dir);
  try {
    return await buildAlone(options);
  } finally {
    release();
  }
}

async function buildAlone(options: BuildCorpusOptions): Promise<CorpusManifest> {
  const { dir } = options;
  const sources = options.sources ?? [PACKAGE_MANAGER];
  const say = options.onProgress ?? (() => {});
  say("listing goodware", 0, 0);
  const candidates = await collectCandidates(sources, options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES);
  const old = await previous(dir);
  const oldFiles = old ? await listed(dir, old) : [];
  const typed = [...oldFiles, ...readJournals(dir)];
  const chosen = await choose(candidates, byPath(typed), options);
  const { state, known, index } = beginning(dir, old, oldFiles, chosen, options);
  try {
    const files = await digestAll(chosen, known, state, options);
    if (files.length === 0) {
      throw new ThymusError(
        "CORPUS_MISSING",
        `no goodware was found in ${sources.join(", ")}`,
        "name folders of goodware: thymus corpus build PATH...",
      );
    }
    const digests = await state.finish();
    const finished = {
      index: { ...index, sha256: digests.index },
      labels: { ...index, bits: labelBits(index.bits), sha256: digests.labels },
    };
    const manifest = await finish(files, sources, options, old, finished, state.spaces.all.memory);
    state.remove();
    await removeOld(dir, manifest);
    return manifest;
  } finally {
    state.close();
  }
}

async function previous(dir: string): Promise<CorpusManifest | null> {
  try {
    return await readManifest(dir);
  } catch {
    return null;
  }
}

async function listed(dir: string, manifest: CorpusManifest): Promise<CorpusFile[]> {
  return decodeTornFiles(await readFile(layout(dir).list(manifest.digest), "utf8").catch(() => ""));
}

function byPath(files: readonly CorpusFile[]): Map<string, CorpusFile> {
  return new Map(files.map((file) => [file.path, file]));
}

/**
 * Where reading begins: with the old corpus where its index can be added to, then with what an interrupted build has
 * read since. A filter cannot forget: where too much of what the old one remembers is gone, all is read anew.
 */
function beginning(
  dir: string,
  old: CorpusManifest | null,
  oldFiles: readonly CorpusFile[],
  chosen: readonly Candidate[],
  options: BuildCorpusOptions,
): { state: Unfinished; known: Map<string, CorpusFile>; index: { bits: number; staleBytes: number } } {
  const bytes = chosen.reduce((sum, { size }) => sum + size, 0);
  const bits = filterBits(bytes);
  const unfinished = { workers: options.workers ?? 2, saveSeconds: options.saveSeconds };
  if (old?.index?.bits === bits && old.labels && old.files > 0) {
    const known = byPath(oldFiles);
    const kept = chosen.reduce((sum, candidate) => sum + (unchanged(candidate, known)?.size ?? 0), 0);
    const staleBytes = old.index.staleBytes + old.bytes - kept;
    const opened =
      staleBytes <= bytes * MAX_STALE
        ? Unfinished.open(dir, bits, { index: old.index.sha256, labels: old.labels.sha256 }, unfinished)
        : null;
    if (opened) {
      for (const file of opened.files) known.set(file.path, file);
      return { state: opened.state, known, index: { bits, staleBytes } };
    }
  }
  const { state, files } = Unfinished.open(dir, bits, null, unfinished)!;
  return { state, known: byPath(files), index: { bits, staleBytes: 0 } };
}

function unchanged(candidate: Candidate, known: ReadonlyMap<string, CorpusFile>): CorpusFile | null {
  const file = known.get(candidate.path);
  return file && file.size === candidate.size && file.mtimeMs === candidate.mtimeMs ? file : null;
}

/** All candidates, or where they are too many bytes those that {@link selectFiles} keeps. */
async function choose(
  candidates: readonly Candidate[],
  known: ReadonlyMap<string, CorpusFile>,
  options: BuildCorpusOptions,
): Promise<readonly Candidate[]> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  if (candidates.reduce((sum, { size }) => sum + size, 0) <= maxBytes) return candidates;
  const typed = candidates.flatMap((candidate) => unchanged(candidate, known) ?? []);
  const open = candidates.filter((candidate) => !unchanged(candidate, known));
  const selectable: { path: string; size: number; type: CorpusFile["type"] }[] = typed;
  await readFiles(open, {
    ...readOptions(options),
    mode: "identify",
    onBatch(files, answers) {
      for (const [index, { path, size }] of files.entries()) {
        const type = answers[index]?.type;
        if (type) selectable.push({ path, size, type });
      }
      options.onProgress?.("looking at goodware", selectable.length - typed.length, open.length);
    },
  });
  const chosen = selectFiles(selectable, maxBytes);
  return candidates.filter(({ path }) => chosen.has(path));
}

function readOptions(options: BuildCorpusOptions) {
  return {
    workers: options.workers ?? 2,
    signal: options.signal,
  };
}

/** Digests and remembers what is not known yet; in order of path. */
async function digestAll(
  chosen: readonly Candidate[],
  known: ReadonlyMap<string, CorpusFile>,
  state: Unfinished,
  options: BuildCorpusOptions,
): Promise<CorpusFile[]> {
  const files = chosen.flatMap((candidate) => unchanged(candidate, known) ?? []);
  const open = chosen.filter((candidate) => !unchanged(candidate, known));
  let done = 0;
  try {
    await readFiles(open, {
      ...readOptions(options),
      mode: "digest",
      spaces: state.spaces,
      onBatch(batch, answers) {
        const read = batch.flatMap(({ path, size, mtimeMs }, index): CorpusFile[] => {
          const answer = answers[index];
          return answer?.sha256 ? [{ path, size, mtimeMs, sha256: answer.sha256, type: answer.type }] : [];
        });
        state.note(read);
        files.push(...read);
        done += batch.length;
        options.onProgress?.("reading goodware", done, open.length);
      },
    });
  } finally {
    await state.save();
  }
  await failpoint("analysis.corpus.read");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Learns the model and makes the new corpus current. */
async function finish(
  files: readonly CorpusFile[],
  sources: readonly string[],
  options: BuildCorpusOptions,
  old: CorpusManifest | null,
  filters: { readonly index: CorpusIndex; readonly labels: CorpusIndex },
  memory: WebAssembly.Memory,
): Promise<CorpusManifest> {
  const { dir } = options;
  const digest = corpusDigest(files);
  await writeFileAtomic(layout(dir).list(digest), encodeFiles(files));
  const model = (await keptModel(dir, digest, old)) ?? (await newModel(files, options, memory));
  await failpoint("analysis.corpus.before-manifest");
  const manifest = CorpusManifest.parse({
    version: 1,
    digest,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    made: new Date().toISOString(),
    sources: [...sources],
    model,
    ...filters,
    ...(old?.imported ? { imported: old.imported } : {}),
    ...(old?.lists ? { lists: old.lists } : {}),
  });
  await writeFileAtomic(layout(dir).manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The model of the same files need not be learned again, unless an older version learned it. */
async function keptModel(dir: string, digest: string, old: CorpusManifest | null) {
  if (old?.digest !== digest) return null;
  const bytes = await readFile(layout(dir).model(old.model.sha256)).catch(() => null);
  return bytes && isCurrent(bytes) && sha256(bytes) === old.model.sha256 ? old.model : null;
}

async function newModel(
  files: readonly CorpusFile[],
  options: BuildCorpusOptions,
  memory: WebAssembly.Memory,
) {
  options.onProgress?.("learning statistics", 0, 0);
  const limit = options.modelBytes ?? DEFAULT_MODEL_BYTES;
  const { encoded, bytes } = await learnModel(files, limit, { ...readOptions(options), memory });
  const digest = sha256(encoded);
  await writeFileAtomic(layout(options.dir).model(digest), encoded);
  return { order: ORDER, bytes, sha256: digest };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
