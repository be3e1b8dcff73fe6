import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

/** One command over many files: a new year in the licence line, a renamed function, a new header, modes, moves. */
export const sweeps: Work = {
  name: "sweeps",
  needs: ["sed", "find", "chmod"],
  async carryOut(desk) {
    const kinds = [
      [
        "sh",
        "#!/bin/sh\n# Copyright 2025 The Day\n",
        (i: number) => `old_name() { echo ${i}; }\nold_name "$@"\n`,
      ],
      [
        "py",
        "#!/usr/bin/env python3\n# Copyright 2025 The Day\n",
        (i: number) => `def old_name(x):\n    return x + ${i}\n\nprint(old_name(${i}))\n`,
      ],
      [
        "js",
        "#!/usr/bin/env node\n// Copyright 2025 The Day\n",
        (i: number) => `function old_name(x) {\n  return x + ${i};\n}\nconsole.log(old_name(${i}));\n`,
      ],
    ] as const;
    for (const index of upTo(6 * desk.scale))
      for (const [ending, head, body] of kinds) {
        const remark = prose(index, 3).replaceAll("\n", " ");
        await desk.put(
          join(desk.folder, `src/file${index}.${ending}`),
          `${head}${ending === "js" ? "//" : "#"} ${remark}\n${body(index)}`,
          0o755,
        );
      }
    await desk.pause();
    const sweep = async (command: string) => {
      await desk.run("sh", ["-c", command], { cwd: desk.folder });
      await desk.pause();
    };
    await sweep("find src -type f -exec sed -i 's/Copyright 2025/Copyright 2026/' {} +");
    await sweep("find src -type f -exec sed -i 's/old_name/a_better_name/g' {} +");
    await sweep(
      "find src -name '*.sh' -exec sed -i '2i # SPDX-License-Identifier: Apache-2.0, see the file LICENSE' {} +",
    );
    await sweep("chmod -R u=rwX,go=rX src; find src -type f -exec touch {} +");
    await sweep('mv src source; for f in source/*.py; do mv "$f" "$f.old"; done');
  },
};
