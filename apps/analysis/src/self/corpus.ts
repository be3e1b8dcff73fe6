import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type CorpusFile, type CorpusIndex, type CorpusManifest, ThymusError } from "@thymus/contracts";
import type { RuleSource } from "@thymus/detection";
import { loadFilter } from "./absence/file.ts";
import { AbsenceFilter } from "./absence/filter.ts";
import { filterMemory } from "./absence/memory.ts";
import { corpusDigest, decodeFiles } from "./files/file-list.ts";
import { layout, readManifest } from "./files/layout.ts";
import { NgramModel } from "./model/model.ts";
import { decodeTables } from "./model/tables.ts";
import { type CorpusScanOptions, type CorpusScanResult, scanCorpus } from "./scan.ts";

export interface Corpus {
  readonly manifest: CorpusManifest;
  readonly files: readonly CorpusFile[];
  /**
   * Natural logarithm of the probability of these bytes in goodware.
   * @throws ThymusError CORPUS_MISSING where the model is damaged
   */
  logProbability(bytes: Uint8Array): number;
  /** The same for each byte after the up to four before it: a window's value is nearly the sum of its bytes'. */
  logProbabilities(bytes: Uint8Array): Float64Array;
  /**
   * True: these bytes certainly stand in no file of self, exactly as they are (neither other case nor wide text is tried).
   * False: they may. Nothing is told of fewer than 12 bytes; from 20 bytes on something nearly always is.
   * Missing in a corpus of an older version, which has no index.
   * @throws ThymusError CORPUS_MISSING where the index is damaged
   */
  absent?(bytes: Uint8Array): boolean;
  /** Scans every file of self; see {@link scanCorpus}. */
  scan(sources: readonly RuleSource[], options?: CorpusScanOptions): Promise<CorpusScanResult>;
}

export interface OpenCorpusOptions {
  /** Folder under which the files of self are seen by this process, without a slash at its end. */
  readonly rootPrefix?: string;
}

/**
 * Opens a corpus; writes nothing. The model is read when it is first asked.
 * @throws ThymusError CORPUS_MISSING where there is none or it is damaged
 */
export async function openCorpus(dir: string, options: OpenCorpusOptions = {}): Promise<Corpus> {
  const { manifest, files } = await readCorpus(dir);
  let model: NgramModel | undefined;
  const theModel = () => {
    model ??= loadModel(dir, manifest);
    return model;
  };
  const { index } = manifest;
  let filter: AbsenceFilter | undefined;
  const theFilter = (from: CorpusIndex) => {
    filter ??= openFilter(dir, from);
    return filter;
  };
  return {
    manifest,
    files,
    logProbability: (bytes) => theModel().logProbability(bytes),
    logProbabilities: (bytes) => theModel().logProbabilities(bytes),
    ...(index ? { absent: (bytes: Uint8Array) => theFilter(index).absent(bytes) } : {}),
    scan: (sources, scanOptions = {}) => scanCorpus(files, options.rootPrefix ?? "", sources, scanOptions),
  };
}

async function readCorpus(dir: string): Promise<{ manifest: CorpusManifest; files: CorpusFile[] }> {
  const manifest = await readManifest(dir);
  try {
    const files = decodeFiles(await readFile(layout(dir).list(manifest.digest), "utf8"));
    if (corpusDigest(files) === manifest.digest) return { manifest, files };
  } catch (cause) {
    // A build may have put a new corpus in place between the two reads.
    if ((await readManifest(dir)).digest !== manifest.digest) return readCorpus(dir);
    throw damaged(dir, "the list of files", cause);
  }
  throw damaged(dir, "the list of files");
}

function loadModel(dir: string, manifest: CorpusManifest): NgramModel {
  let bytes: Buffer;
  try {
    bytes = readFileSync(layout(dir).model(manifest.model.sha256));
  } catch (cause) {
    throw damaged(dir, "the model", cause);
  }
  const digest = createHash("sha256").update(bytes).digest("hex");
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const buffer = whole ? bytes.buffer : Uint8Array.from(bytes).buffer;
  const tables = digest === manifest.model.sha256 ? decodeTables(buffer as ArrayBuffer) : null;
  if (!tables) throw damaged(dir, "the model");
  return new NgramModel(tables);
}

function openFilter(dir: string, { sha256, bits }: CorpusIndex): AbsenceFilter {
  const memory = filterMemory(bits, 1);
  if (loadFilter(layout(dir).index(sha256), memory, bits) !== sha256) throw damaged(dir, "the index");
  return new AbsenceFilter(memory, bits, 0);
}

function damaged(dir: string, what: string, cause?: unknown): ThymusError {
  return new ThymusError(
    "CORPUS_MISSING",
    `${what} of the corpus in ${dir} is damaged`,
    "run: thymus corpus build",
    {
      cause,
    },
  );
}
