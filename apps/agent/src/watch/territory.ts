/** Which root a path belongs to, where roots may lie within folders that are skipped, and those within other roots. */
export class Territory {
  readonly roots: readonly string[];
  readonly #skipped: ReadonlySet<string>;
  /** Longest first: the innermost decides. */
  readonly #borders: readonly { readonly prefix: string; readonly root: string | null }[];

  constructor(roots: readonly string[], skipped: readonly string[]) {
    this.roots = roots;
    this.#skipped = new Set(skipped.filter((folder) => !roots.includes(folder)));
    this.#borders = [
      ...roots.map((root) => ({ prefix: slashed(root), root })),
      ...[...this.#skipped].map((folder) => ({ prefix: slashed(folder), root: null })),
    ].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Mounted folders that are not entered as things are now. */
  foreign: ReadonlySet<string> = new Set();

  /** True for a folder below a root that is not to be entered. */
  skips(folder: string): boolean {
    return this.#skipped.has(folder) || this.foreign.has(folder);
  }

  /** The root in which a folder lies, itself included; null outside of all. */
  of(folder: string): string | null {
    const path = slashed(folder);
    return this.#borders.find(({ prefix }) => path.startsWith(prefix))?.root ?? null;
  }
}

const slashed = (path: string): string => (path.endsWith("/") ? path : `${path}/`);

/** Path of a name in a folder. */
export const below = (folder: string, name: string): string =>
  folder === "/" ? `/${name}` : `${folder}/${name}`;
