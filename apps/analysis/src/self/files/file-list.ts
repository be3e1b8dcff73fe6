import { createHash } from "node:crypto";
import { type CorpusFile, FileType, ThymusError } from "@thymus/contracts";

/** Digest of self: over content, size, type and path of every file in order of path; not over times. */
export function corpusDigest(files: readonly CorpusFile[]): `sha256:${string}` {
  const sum = createHash("sha256");
  for (const { sha256, size, type, path } of files) sum.update(`${sha256} ${size} ${type} ${path}\n`);
  return `sha256:${sum.digest("hex")}`;
}

/** One JSON array a line: sha256, size, mtimeMs, type, path. */
export function encodeFiles(files: readonly CorpusFile[]): string {
  return files.map(encodeFile).join("");
}

export function encodeFile({ sha256, size, mtimeMs, type, path }: CorpusFile): string {
  return `${JSON.stringify([sha256, size, mtimeMs, type, path])}\n`;
}

/**
 * Reads a whole list back.
 * @throws ThymusError DOCUMENT_INVALID where any line is broken
 */
export function decodeFiles(text: string): CorpusFile[] {
  const lines = parse(`[${text.trimEnd().replaceAll("\n", ",")}]`);
  const files = Array.isArray(lines) ? lines.map(checked) : [];
  if (!Array.isArray(lines) || files.includes(null)) {
    throw new ThymusError(
      "DOCUMENT_INVALID",
      "the list of self's files is damaged",
      "run: thymus corpus build",
    );
  }
  return files as CorpusFile[];
}

/** Reads what a crash left of a list: broken lines are passed over. */
export function decodeTornFiles(text: string): CorpusFile[] {
  return text.split("\n").flatMap((line) => checked(parse(line)) ?? []);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const SHA256 = /^[0-9a-f]{64}$/;
const types: ReadonlySet<unknown> = new Set(FileType.options);

/** As the schema CorpusFile has it, by hand: a list has up to a million lines and is read at every start. */
function checked(line: unknown): CorpusFile | null {
  if (!Array.isArray(line) || line.length !== 5) return null;
  const [sha256, size, mtimeMs, type, path] = line as unknown[];
  const sound =
    typeof sha256 === "string" &&
    SHA256.test(sha256) &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    Number.isFinite(mtimeMs) &&
    types.has(type) &&
    typeof path === "string";
  return sound ? ({ path, size, mtimeMs, sha256, type } as CorpusFile) : null;
}
