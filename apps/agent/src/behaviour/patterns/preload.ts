import type { Pattern } from "../facts.ts";
import { isOpenPlace } from "../programs.ts";

/** A library that was pushed into a program from a place where everybody may put files. */
export const preload: Pattern = {
  name: "preload",
  look({ subject: { preload } }) {
    const open = (preload ?? "").split(/[: ]/).find(isOpenPlace);
    if (!open) return [];
    return [
      {
        kind: "process-behaviour",
        rule: "preload",
        path: open,
        weight: 0.45,
        what: `the library ${open} was pushed into it (LD_PRELOAD), from a place where everybody may put files`,
        unless: "the library lay where only root may put files",
      },
    ];
  },
};
