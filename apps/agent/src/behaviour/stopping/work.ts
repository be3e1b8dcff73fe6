import { z } from "zod";
import type { Before, Touch } from "../trees.ts";

/** What is still to be done about a stopped tree, as it stands in its record: whoever comes after a crash goes on with it. */
export const Work = z.strictObject({
  /** It is to be ended, not only suspended. */
  ending: z.boolean(),
  /** Milliseconds since 1970 at which the tree began. */
  first: z.number(),
  touched: z.array(
    z.strictObject({
      path: z.string(),
      /** Null where there was no time to ask. */
      known: z.boolean().nullable(),
      was: z
        .strictObject({
          size: z.number(),
          mtimeNs: z.string(),
          ino: z.string().nullable(),
          sha256: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
  decoys: z.array(z.string()),
});
export type Work = z.infer<typeof Work>;

interface Did {
  readonly first: number;
  readonly touched: ReadonlyMap<string, Touch>;
  readonly decoys: Iterable<string>;
}

/** What a tree did, to be written down. */
export async function workOf(tree: Did, ending: boolean): Promise<Work> {
  const touched = await Promise.all(
    [...tree.touched.values()].map(async ({ path, before }) => {
      const { known, was = null } = await before;
      return { path, known, was };
    }),
  );
  return { ending, first: tree.first, touched, decoys: [...tree.decoys] };
}

/** The touches that were written down. @param isKnown whether a file was there before the tree came, where that was not asked yet */
export function touchesOf(
  { touched }: Work,
  isKnown: (path: string) => Promise<boolean>,
): Map<string, Touch> {
  const before = async (path: string, known: boolean | null, was: Before["was"]) => ({
    known: known ?? (await isKnown(path)),
    was: was ?? null,
  });
  return new Map(
    touched.map(({ path, known, was }) => [
      path,
      { path, there: false, writers: new Set(), before: before(path, known, was) },
    ]),
  );
}

/** What a tree did as far as that can be said at once. */
export function workNow(tree: Did, ending: boolean): Work {
  const touched = [...tree.touched.keys()].map((path) => ({ path, known: null, was: null }));
  return { ending, first: tree.first, touched, decoys: [...tree.decoys] };
}
