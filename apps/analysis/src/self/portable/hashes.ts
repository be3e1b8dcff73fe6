import { FileType } from "@thymus/contracts";

/** Digest, size and type of each content once, in order of digest: all that a portable self says of single files. */
export function encodeHashes(
  files: readonly { readonly sha256: string; readonly size: number; readonly type: FileType }[],
): string {
  const lines = files.map(({ sha256, size, type }) => `${sha256} ${size} ${type}\n`);
  return [...new Set(lines)].sort().join("");
}

/** Both lists as one. */
export function mergeHashes(a: string, b: string): string {
  return [...new Set([...a.split("\n"), ...b.split("\n")])]
    .filter((line) => line !== "")
    .sort()
    .map((line) => `${line}\n`)
    .join("");
}

const types: ReadonlySet<string> = new Set(FileType.options);

/** Number of the first line that is no such entry, from 1, or 0 where all are sound. */
export function firstBroken(text: string): number {
  if (text !== "" && !text.endsWith("\n")) return text.split("\n").length;
  const lines = text.split("\n").slice(0, -1);
  return (
    lines.findIndex((line) => {
      const match = /^[0-9a-f]{64} \d{1,15} ([a-z0-9]+)$/.exec(line);
      return !match || !types.has(match[1]!);
    }) + 1
  );
}
