import { rename } from "node:fs/promises";
import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

const script = (index: number, turn: number) =>
  `#!/bin/sh\n# ${prose(index, 1)}\nset -eu\nversion=${turn}\nprintf '%s\\n' "${prose(index + turn * 10, 1)}"\n`;

/** Scripts that are edited: in place, by a temporary file, with back-ups, by vim with its swap file. */
export const editors: Work = {
  name: "editors",
  needs: ["sed"],
  async carryOut(desk) {
    const files = upTo(5 + desk.scale).map((index) => join(desk.folder, `bin/task${index}.sh`));
    for (const [index, file] of files.entries()) await desk.put(file, script(index, 0), 0o755);
    await desk.pause();
    for (const turn of [1, 2]) {
      for (const [index, file] of files.entries()) {
        if (index % 3 === 0) await desk.put(file, script(index, turn));
        else if (index % 3 === 1) {
          await desk.put(`${file}.tmp`, script(index, turn), 0o755);
          await rename(file, `${file}~`);
          await rename(`${file}.tmp`, file);
        } else await desk.run("sed", ["-i", `s/version=.*/version=${turn}/`, file]);
      }
      await desk.pause();
    }
  },
};

export const vim: Work = {
  name: "vim",
  needs: ["vim"],
  async carryOut(desk) {
    for (const index of upTo(4)) {
      const file = join(desk.folder, `job${index}.py`);
      await desk.put(file, `#!/usr/bin/env python3\n"""${prose(index, 2)}"""\nprint(${index})\n`, 0o755);
      await desk.run("vim", [
        "-es",
        "-u",
        "NONE",
        "-c",
        "set backup",
        "-c",
        `normal Goprint("edited ${index}")`,
        "-c",
        "wq",
        file,
      ]);
    }
  },
};
