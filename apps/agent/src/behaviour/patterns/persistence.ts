import type { Pattern } from "../facts.ts";
import { isOpenPlace, isPackageManager, programOf } from "../programs.ts";

/** What runs by itself later was changed: by whom makes the difference. */
export const persistence: Pattern = {
  name: "persistence",
  look({ persistence, subject, tree }) {
    const [first] = persistence;
    if (!first) return [];
    const everyone = [subject, ...tree];
    if (everyone.some(({ exe, parents }) => [exe, ...parents].some(isPackageManager))) return [];
    const open = everyone.some((each) => each.deleted || isOpenPlace(programOf(each) ?? ""));
    const preload = persistence.find(({ place }) => place === "preloaded libraries");
    const weight = preload ? (open ? 0.65 : 0.5) : open ? 0.5 : subject.terminal ? 0.05 : 0.2;
    const about = preload ?? first;
    return [
      {
        kind: "persistence",
        rule: "persistence",
        path: about.path,
        weight,
        what: `it changed ${about.path} (${about.place})${persistence.length > 1 ? ` and ${persistence.length - 1} more such places` : ""}${open ? ", and lies where everybody may put a file, or is deleted" : ""}`,
        unless: "the package manager had done it, or a program that is installed, from a terminal",
      },
    ];
  },
};
