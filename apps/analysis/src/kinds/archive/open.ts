/** Opens an archive of any kind, and the archives in it. */
import { type Budget, identifyFile, readerFor } from "@thymus/detection";
import { folderName } from "./path.ts";
import { readTree, type Tree } from "./tree.ts";

/** Documents and the like that are archives only inside. */
const documents = /\.(docx|xlsx|pptx|od[tspg]|epub|xpi|crx|apk|ipa)$/i;

export interface Opened {
  /** Relative to the folder of the sample. */
  readonly folder: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly tree: Tree;
  /** 0: the sample itself. */
  readonly depth: number;
}

/**
 * The archive and those in it, outermost first. A nested one is opened beside itself, below the folder in which it lies.
 * Never throws for what the archives are.
 */
export async function openAll(bytes: Uint8Array, name: string, budget: Budget): Promise<Opened[]> {
  const opened: Opened[] = [];
  const queue: { bytes: Uint8Array; name: string; folder: string; depth: number }[] = [
    { bytes, name, folder: folderName(name), depth: 0 },
  ];
  const taken = new Set(queue.map(({ folder }) => folder));
  for (let next = queue.shift(); next; next = queue.shift()) {
    const reader = readerFor(next.bytes, folderName(next.name));
    if (!reader) continue;
    const tree = await readTree(reader, next.bytes, budget);
    opened.push({ ...next, tree });
    if (tree.cut !== null && isOver(budget)) break;
    for (const [path, file] of tree.files) {
      const type = identifyFile(file.content, path);
      if ((type !== "archive" && type !== "npm") || documents.test(path)) continue;
      const full = `${next.folder}/${path}`;
      if (next.depth >= budget.limits.depth) {
        tree.leave("are archives too deep inside others");
        continue;
      }
      let folder = full.replace(/[^/]+$/, (own) => folderName(own));
      while (taken.has(folder) || tree.files.has(folder.slice(next.folder.length + 1))) folder += "_";
      taken.add(folder);
      queue.push({ bytes: file.content, name: path.replace(/^.*\//, ""), folder, depth: next.depth + 1 });
    }
  }
  return opened;
}

function isOver(budget: Budget): boolean {
  try {
    budget.work(0);
    return budget.room <= 0;
  } catch {
    return true;
  }
}
