import type { Pattern } from "../facts.ts";
import { isOpenPlace } from "../programs.ts";

/** A program that runs while its file is gone. After upgrades many do: then another file has taken its name. */
export const deletedProgram: Pattern = {
  name: "deleted-program",
  look({ subject }) {
    const { deleted, exe, replaced } = subject;
    if (!deleted || replaced || exe === null || exe.startsWith("/memfd:")) return [];
    return [
      {
        kind: "process-behaviour",
        rule: "deleted-program",
        path: exe,
        weight: isOpenPlace(exe) ? 0.4 : 0.15,
        what: `it runs although its file ${exe} was deleted`,
        unless: "the file were still there, or another version had taken its place",
      },
    ];
  },
};
