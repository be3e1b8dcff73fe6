import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

/** A tree that is archived, copied and brought back over itself. */
export const backups: Work = {
  name: "backups",
  needs: ["tar", "cp", "xz"],
  async carryOut(desk) {
    for (const index of upTo(10 * desk.scale)) {
      await desk.put(
        join(desk.folder, `work/tool${index}.sh`),
        `#!/bin/sh\n# ${prose(index, 2).replaceAll("\n", " ")}\necho ${index}\n`,
        0o755,
      );
      await desk.put(join(desk.folder, `work/notes${index}.txt`), prose(index + 900, 40));
    }
    await desk.run("cp", ["/usr/bin/cat", "/usr/bin/ls", "/usr/bin/sort", join(desk.folder, "work")]);
    await desk.pause();
    await desk.run("tar", ["-cJf", join(desk.folder, "backup.tar.xz"), "-C", desk.folder, "work"]);
    await desk.run("cp", ["-a", join(desk.folder, "work"), join(desk.folder, "copy")]);
    await desk.pause();
    await desk.run("tar", ["-xJf", join(desk.folder, "backup.tar.xz"), "-C", desk.folder]);
    await desk.pause();
    await desk.run("rm", ["-rf", join(desk.folder, "copy")]);
  },
};

export const rsync: Work = {
  name: "rsync",
  needs: ["rsync"],
  async carryOut(desk) {
    for (const turn of upTo(3)) {
      for (const index of upTo(8))
        await desk.put(
          join(desk.elsewhere, `deploy/tool${index}.sh`),
          `#!/bin/sh\n# ${prose(index + turn * 20, 2).replaceAll("\n", " ")}\necho ${turn}\n`,
          0o755,
        );
      await desk.run("rsync", ["-a", "--delete", `${desk.elsewhere}/deploy/`, `${desk.folder}/deploy/`]);
      await desk.pause();
    }
  },
};
