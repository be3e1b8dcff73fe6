import { type ArchiveEntry, type ArchiveReader, type Budget, Unreadable } from "@thymus/detection";
import { linkTarget, plainPath } from "./path.ts";

export interface TreeFile {
  readonly mode: number;
  readonly content: Uint8Array;
}

/** The files of an archive by path, as unpacking it would leave them, and a count of what was left out. */
export class Tree {
  readonly files = new Map<string, TreeFile>();
  /** Counts by reason, each reason to be read behind the number: `3 lead out of the archive`. */
  readonly left = new Map<string, number>();
  /** Why it ended before its end. */
  cut: string | null = null;
  readonly #folders = new Set<string>();
  readonly #folded = new Set<string>();

  leave(why: string, count = 1): void {
    this.left.set(why, (this.left.get(why) ?? 0) + count);
  }

  /** Whether `path` can be a file here: no folder, and below no file. */
  fits(path: string): boolean {
    if (this.#folders.has(path)) return false;
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
      if (this.files.has(path.slice(0, at))) return false;
    return true;
  }

  /** A later member of the same name replaces the former, as it does for who unpacks it. */
  add(path: string, file: TreeFile, budget: Budget): void {
    const hindrance = !this.fits(path)
      ? "are in the way of others"
      : file.content.length > budget.room
        ? "are too large"
        : null;
    if (hindrance !== null) {
      this.leave(hindrance);
      return;
    }
    if (this.files.has(path)) this.leave("were replaced by others of the same name");
    else {
      const folded = path.normalize("NFKC").toLowerCase();
      if (this.#folded.has(folded)) this.leave("differ from others by case alone, and were kept");
      this.#folded.add(folded);
    }
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
      this.#folders.add(path.slice(0, at));
    budget.keep(file.content.length);
    this.files.set(path, file);
  }
}

/** Reads what an archive holds; never throws for what the archive is, but tells in `cut` where reading ended. */
export async function readTree(reader: ArchiveReader, bytes: Uint8Array, budget: Budget): Promise<Tree> {
  const tree = new Tree();
  const links: { path: string; target: string }[] = [];
  try {
    for await (const entry of reader(bytes, budget)) {
      budget.entry();
      await take(tree, entry, budget, links);
    }
  } catch (error) {
    // Libraries throw anything at bytes that were made to confuse them.
    tree.cut = error instanceof Error ? error.message.slice(0, 200) : "it is damaged";
  }
  for (const { path, target } of links) {
    const file = tree.files.get(target);
    if (!file) tree.leave("are links to nothing in the archive");
    else tree.add(path, file, budget);
  }
  return tree;
}

async function take(
  tree: Tree,
  entry: ArchiveEntry,
  budget: Budget,
  links: { path: string; target: string }[],
): Promise<void> {
  if (entry.kind === "folder") return;
  const plain = plainPath(entry.path);
  if ("trick" in plain || entry.kind === "device") {
    tree.leave("trick" in plain ? plain.trick : "are devices or the like");
    return;
  }
  if (entry.kind === "link" || entry.kind === "hard-link") {
    const target = linkTarget(entry.kind === "link" ? plain.path : "", entry.target);
    if (target === null) tree.leave("are links that lead out");
    else links.push({ path: plain.path, target });
    return;
  }
  try {
    const content = await entry.read(budget.room);
    if (content === null) tree.leave("are too large");
    else tree.add(plain.path, { mode: entry.mode, content }, budget);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    tree.leave(error.message);
  }
}
