import type { FileType } from "@thymus/contracts";
import type { RenamedDecoy } from "./analysis.ts";
import { entropy, equalBytes } from "./bytes.ts";
import { cost, diffBytes } from "./diff.ts";

export interface MissingDecoy {
  readonly path: string;
  readonly type: FileType;
  readonly before: Uint8Array;
}

export interface NewFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Finds decoys that are gone among the new files: same path with a new ending, or the same content elsewhere. */
export function pairRenamed(missing: readonly MissingDecoy[], created: readonly NewFile[]): RenamedDecoy[] {
  return missing.map(({ path, before }) => {
    const named = created.find((file) => file.path.startsWith(path) || stem(file.path) === stem(path));
    const moved = created.find((file) => equalBytes(file.bytes, before));
    if (moved !== undefined) return { path, to: moved.path, content: "identical" };
    if (named === undefined) return { path, to: null, content: "lost" };
    return { path, to: named.path, content: isEncoded(before, named.bytes) ? "encode" : "lost" };
  });
}

function isEncoded(before: Uint8Array, after: Uint8Array): boolean {
  if (after.length < before.length * 0.5) return false;
  const kept = before.length - cost(diffBytes(before, after));
  return kept < before.length * 0.2 && entropy(after) >= entropy(before);
}

/** Path without its last ending. */
function stem(path: string): string {
  return path.replace(/\.[^./]*$/, "");
}
