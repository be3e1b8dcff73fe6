import { endingOf, expectedForm } from "../content/forms.ts";
import type { Pattern } from "../facts.ts";
import { turnedOf } from "./documents-turned.ts";

/** Endings of programs that compress one file into one. */
const packers = new Set([
  "gz",
  "bz2",
  "xz",
  "zst",
  "lz4",
  "lz",
  "br",
  "z",
  "zip",
  "7z",
  "bak",
  "old",
  "orig",
  "tmp",
  "part",
]);

/**
 * Documents of several kinds went, and as many new ones with one and the same unknown ending came: names are swept as a
 * ransom demand does, so that owners see what was taken.
 */
export const endingSwept: Pattern = {
  name: "ending-swept",
  look({ documents }) {
    const gone = documents.filter(({ fate }) => fate === "gone");
    const created = documents.filter(({ fate }) => fate === "created");
    if (gone.length < 3 || turnedOf(documents).length === 0) return [];
    const counts = new Map<string, number>();
    for (const { path } of created) {
      const ending = endingOf(path.slice(path.lastIndexOf("/") + 1));
      if (ending === "" || packers.has(ending) || expectedForm(`x.${ending}`)) continue;
      counts.set(ending, (counts.get(ending) ?? 0) + 1);
    }
    const [ending, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
    if (count < 3) return [];
    return [
      {
        kind: "documents-changed",
        rule: "ending-swept",
        path: created.find(({ path }) => path.endsWith(`.${ending}`))!.path,
        weight: 0.4,
        what: `${count} files with the unknown ending .${ending} took the place of ${gone.length} documents`,
        unless: "the new files had endings of a known form",
      },
    ];
  },
};
