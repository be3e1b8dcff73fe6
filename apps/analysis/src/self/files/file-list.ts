import { createHash } from "node:crypto";
import { CorpusFile, ThymusError } from "@thymus/contracts";

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
 * Reads a list back.
 * @param torn a last line that was cut by a crash, and any other broken line, is passed over
 * @throws ThymusError DOCUMENT_INVALID unless `torn`
 */
export function decodeFiles(text: string, torn = false): CorpusFile[] {
  const files: CorpusFile[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const file = decodeLine(line);
    if (file) files.push(file);
    else if (!torn) {
      throw new ThymusError(
        "DOCUMENT_INVALID",
        "the list of self's files is damaged",
        "run: thymus corpus build",
      );
    }
  }
  return files;
}

function decodeLine(line: string): CorpusFile | null {
  try {
    const [sha256, size, mtimeMs, type, path, ...more] = JSON.parse(line) as unknown[];
    const result = CorpusFile.safeParse({ sha256, size, mtimeMs, type, path });
    return result.success && more.length === 0 ? result.data : null;
  } catch {
    return null;
  }
}
