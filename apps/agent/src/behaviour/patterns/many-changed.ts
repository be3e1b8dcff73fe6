import type { Pattern } from "../facts.ts";

/** Many files changed by one process tree: builds, checkouts and syncs do so all day, so it says little by itself. */
export const manyChanged: Pattern = {
  name: "many-changed",
  look({ changed, documents }) {
    if (changed < 10) return [];
    return [
      {
        kind: "documents-changed",
        rule: "many-changed",
        path: documents[0]?.path ?? "",
        weight: changed < 100 ? 0.05 : 0.1,
        what: `${changed} files were changed by one process tree`,
        unless: "fewer than ten files had been changed",
      },
    ];
  },
};
