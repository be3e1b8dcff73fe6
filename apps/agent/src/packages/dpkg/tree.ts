import { readlink } from "node:fs/promises";
import { join } from "node:path";

const MERGED = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"];

/** Names of a system's files as its package manager writes them: without the root folder, and with merged /usr as one. */
export class Tree {
  readonly root: string;
  readonly #merged: ReadonlySet<string>;

  private constructor(root: string, merged: ReadonlySet<string>) {
    this.root = root;
    this.#merged = merged;
  }

  /** @param root folder of the system, `/` for this one */
  static async of(root: string): Promise<Tree> {
    const links = await Promise.all(
      MERGED.map(async (name) => {
        const target = await readlink(join(root, name)).catch(() => "");
        return target.replace(/^\//, "") === `usr/${name}` ? [name] : [];
      }),
    );
    return new Tree(root === "/" ? "" : root, new Set(links.flat()));
  }

  /** `usr/bin/x` for both `bin/x` and `/usr/bin/x` where /bin is a link to usr/bin. */
  canonical(listed: string): string {
    const name = listed.replace(/^\.?\/+/, "");
    const slash = name.indexOf("/");
    return slash > 0 && this.#merged.has(name.slice(0, slash)) ? `usr/${name}` : name;
  }

  /** The canonical name of a path of this machine; null outside of the root folder. */
  nameOf(path: string): string | null {
    if (this.root !== "" && !path.startsWith(`${this.root}/`)) return null;
    return this.canonical(path.slice(this.root.length + 1));
  }

  pathOf(name: string): string {
    return `${this.root}/${name}`;
  }
}
