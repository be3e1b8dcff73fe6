import { jobOf } from "../processes/lineage.ts";
import type { Known } from "../processes/table.ts";
import type { Was } from "./renamed.ts";

/** One document that a tree touched, with what was known of it before. */
export interface Touch {
  readonly path: string;
  readonly writers: Set<Known>;
  /** That it was there before these came is sure. */
  readonly there: boolean;
  /** Known before the tree came: asked for at once, since what is settled later is the new content. */
  readonly before: Promise<Before>;
}

/** What self knew of a document. */
export interface Before {
  /** False where it was not there. */
  readonly known: boolean;
  readonly was?: Was | null;
}

/** What one process tree does to documents. */
export interface Tree {
  readonly job: Known;
  /** Milliseconds since 1970. */
  first: number;
  last: number;
  readonly touched: Map<string, Touch>;
  readonly decoys: Set<string>;
  /** Documents in all, also those that are not kept. */
  count: number;
  /** How many there were when it was judged last. */
  judged: number;
  judgedDecoys: number;
  /** Record of its being stopped. */
  stopped: string | null;
  told: boolean;
}

const MAX_TREES = 512;
const MAX_PATHS = 4096;
/** Milliseconds without a change after which a tree is forgotten. */
const QUIET = 15 * 60_000;

/** Which process tree touched which documents; bounded. */
export class Trees {
  readonly #trees = new Map<Known, Tree>();
  readonly #isBorder: (known: Known) => boolean;
  readonly #before: (path: string) => Promise<Before>;

  constructor(isBorder: (known: Known) => boolean, before: (path: string) => Promise<Before>) {
    this.#isBorder = isBorder;
    this.#before = before;
  }

  all(): Tree[] {
    return [...this.#trees.values()];
  }

  /** The tree of a process; made where there is none. */
  of(writer: Known, now: number): Tree {
    const job = jobOf(writer, this.#isBorder);
    const tree: Tree = this.#trees.get(job) ?? {
      ...{ job, first: now, last: now, touched: new Map(), decoys: new Set(), count: 0, judged: 0 },
      ...{ judgedDecoys: 0, stopped: null, told: false },
    };
    tree.last = now;
    this.#trees.delete(job);
    this.#trees.set(job, tree);
    this.#forget(now);
    return tree;
  }

  #forget(now: number): void {
    for (const [job, { last, stopped }] of this.#trees) {
      if (this.#trees.size <= MAX_TREES && last > now - QUIET) break;
      // What is stopped waits for a person.
      if (stopped !== null && this.#trees.size <= MAX_TREES) continue;
      this.#trees.delete(job);
    }
  }

  /** A process touched a document. @param there it was there before for certain */
  note(tree: Tree, writer: Known, path: string, there = false): Touch | null {
    const known = tree.touched.get(path);
    if (known) {
      if (!there || known.there) {
        if (known.writers.size < 64) known.writers.add(writer);
        return known;
      }
      // Another process of the same job may have made it: for whoever changes it now it was there, and who made it did no harm.
      const sure = { path, there, writers: new Set([writer]), before: wasThere(known.before) };
      tree.touched.set(path, sure);
      return sure;
    }
    tree.count++;
    if (tree.touched.size >= MAX_PATHS) return null;
    const asked = this.#before(path);
    const before = there ? wasThere(asked) : asked;
    before.catch(() => {});
    const touch: Touch = { path, there, writers: new Set([writer]), before };
    tree.touched.set(path, touch);
    return touch;
  }

  forget(tree: Tree): void {
    this.#trees.delete(tree.job);
  }
}

function wasThere(before: Promise<Before>): Promise<Before> {
  const sure = before.then((each) => ({ ...each, known: true }));
  sure.catch(() => {});
  return sure;
}

/** Whether a tree should be judged (again): from so many documents on, then ever more seldom, and at each further decoy. */
export function isDue({ count, decoys, judged, judgedDecoys }: Tree, files: number): boolean {
  if (decoys.size > judgedDecoys) return true;
  return count >= files && count >= judged + (judged === 0 ? 0 : Math.max(1, judged >> 3));
}
