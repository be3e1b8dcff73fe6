import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type CorpusFile, type CorpusIndex, type CorpusManifest, ThymusError } from "@thymus/contracts";
import type { RuleSource } from "@thymus/detection";
import { Remembered } from "./absence/remembered.ts";
import { StoredWords } from "./absence/stored.ts";
import { corpusDigest, decodeFiles } from "./files/file-list.ts";
import { layout, readManifest } from "./files/layout.ts";
import type { Label } from "./labels/label.ts";
import { Labelled } from "./labels/labelled.ts";
import { loadLists } from "./lists/import-list.ts";
import { Warner } from "./lists/warned.ts";
import { NgramModel } from "./model/model.ts";
import { decodeTables } from "./model/tables.ts";
import { type CorpusScanOptions, type CorpusScanResult, scanCorpus } from "./scan.ts";

export interface Corpus {
  readonly manifest: CorpusManifest;
  readonly files: readonly CorpusFile[];
  /**
   * Natural logarithm of the probability of these bytes in goodware: by the own model or the imported one, where it is
   * more probable.
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
  /**
   * Whose code these bytes are where many programs carry it: a library's, a compiler's, a runtime's, a packer's; null where they are
   * none of these or nothing can be told. Holds though a linker wrote addresses into it; best asked with 256 bytes around a place.
   * Missing in a corpus of an older version.
   * @throws ThymusError CORPUS_MISSING where the labels are damaged
   */
  labelOf?(bytes: Uint8Array): Label | null;
  /** Whether a self that was imported from another machine holds a file with this digest. */
  importedHash(sha256: string): boolean;
  /** Name of the imported list that holds this digest (SHA-256, SHA-1 or MD5, lower case), or null. */
  listedHash(digest: string): string | null;
  /** Name of the imported list that names this text or something in it, such as a host: no rule may rest on it. */
  warned(text: string): string | null;
  /** Scans every file of self that is here; see {@link scanCorpus}. */
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
  const { index, labels, imported } = manifest;
  const models = once(() => distinct([manifest.model, imported?.model]).map((from) => loadModel(dir, from)));
  const filters = once(() => distinct([index, imported?.index]).map((from) => openFilter(dir, from)));
  const labelled = once(() => distinct([labels, imported?.labels]).map((from) => openLabels(dir, from)));
  const lists = once(() => loadLists(dir, manifest));
  const listed = once(() => new Map(lists().flatMap((l) => l.entries.hash.map((h) => [h, l.name] as const))));
  const warners = once(() => lists().map((list) => new Warner(list)));
  const hashes = once(() => (imported ? loadHashes(dir, imported.hashes.sha256) : new Set<string>()));
  return {
    manifest,
    files,
    logProbability: (bytes) => Math.max(...models().map((model) => model.logProbability(bytes))),
    logProbabilities(bytes) {
      const [first, ...others] = models().map((model) => model.logProbabilities(bytes));
      return others.reduce((most, other) => most.map((p, at) => Math.max(p, other[at]!)), first!);
    },
    listedHash: (digest) => listed().get(digest) ?? null,
    warned(text) {
      for (const warner of warners()) {
        const name = warner.warned(text);
        if (name !== null) return name;
      }
      return null;
    },
    importedHash: (sha256) => hashes().has(sha256),
    ...(index ? { absent: (bytes: Uint8Array) => filters().every((filter) => filter.absent(bytes)) } : {}),
    ...(labels || imported?.labels ? { labelOf: (bytes: Uint8Array) => firstLabel(labelled(), bytes) } : {}),
    scan: (sources, scanOptions = {}) => scanCorpus(files, options.rootPrefix ?? "", sources, scanOptions),
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A corpus without files of its own has what was imported for its own. */
function distinct<T extends { readonly sha256: string }>(all: readonly (T | undefined)[]): T[] {
  return [...new Map(all.flatMap((one) => (one ? [[one.sha256, one] as const] : []))).values()];
}

/** The first 64 digits of each line. */
function loadHashes(dir: string, sha256: string): Set<string> {
  let text: Buffer;
  try {
    text = readFileSync(layout(dir).hashes(sha256));
  } catch (cause) {
    throw damaged(dir, "the list of imported hashes", cause);
  }
  if (createHash("sha256").update(text).digest("hex") !== sha256)
    throw damaged(dir, "the list of imported hashes");
  const lines = text.toString("latin1").split("\n");
  return new Set(lines.filter((line) => line !== "").map((line) => line.slice(0, 64)));
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

function loadModel(dir: string, from: CorpusManifest["model"]): NgramModel {
  let bytes: Buffer;
  try {
    bytes = readFileSync(layout(dir).model(from.sha256));
  } catch (cause) {
    throw damaged(dir, "the model", cause);
  }
  const digest = createHash("sha256").update(bytes).digest("hex");
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const buffer = whole ? bytes.buffer : Uint8Array.from(bytes).buffer;
  const tables = digest === from.sha256 ? decodeTables(buffer as ArrayBuffer) : null;
  if (!tables) throw damaged(dir, "the model");
  return new NgramModel(tables);
}

function openFilter(dir: string, { sha256, bits }: CorpusIndex): Remembered {
  const words = StoredWords.open(layout(dir).index(sha256), bits, sha256);
  if (!words) throw damaged(dir, "the index");
  return new Remembered(words, bits);
}

function openLabels(dir: string, { sha256, bits }: CorpusIndex): Labelled {
  const words = StoredWords.open(layout(dir).labels(sha256), bits, sha256);
  if (!words) throw damaged(dir, "the index of labels");
  return new Labelled(words, bits);
}

function firstLabel(all: readonly Labelled[], bytes: Uint8Array): Label | null {
  for (const labelled of all) {
    const label = labelled.labelOf(bytes);
    if (label) return label;
  }
  return null;
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
