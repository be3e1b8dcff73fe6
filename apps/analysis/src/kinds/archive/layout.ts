/** The files of all opened archives as they lie below the sample's folder. */
import type { Opened } from "./open.ts";
import type { TreeFile } from "./tree.ts";

export interface LaidFile extends TreeFile {
  /** Below the folder of downloads. */
  readonly path: string;
  readonly depth: number;
}

/** Outer archives first; a path that is taken by a file or a folder stays what it is. */
export function layOut(opened: readonly Opened[]): Map<string, LaidFile> {
  const files = new Map<string, LaidFile>();
  const folders = new Set<string>();
  for (const { folder, tree, depth } of opened)
    for (const [own, file] of tree.files) {
      const path = `${folder}/${own}`;
      const above = path
        .split("/")
        .slice(0, -1)
        .map((_, index, parts) => parts.slice(0, index + 1).join("/"));
      if (files.has(path) || folders.has(path) || above.some((one) => files.has(one))) continue;
      for (const one of above) folders.add(one);
      files.set(path, { ...file, path, depth });
    }
  return files;
}
