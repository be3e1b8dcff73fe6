import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

/** Logs that are written, rotated, compressed and cut. */
export const logs: Work = {
  name: "logs",
  needs: ["logrotate", "gzip"],
  async carryOut(desk) {
    const files = upTo(3 * desk.scale).map((index) => join(desk.folder, `log/service${index}.log`));
    const settings = join(desk.elsewhere, "logrotate.conf");
    await desk.put(
      settings,
      `${desk.folder}/log/*.log {\n  rotate 3\n  compress\n  missingok\n  size 1\n  copytruncate\n}\n`,
    );
    await desk.run("chmod", ["644", settings]);
    for (const turn of upTo(4)) {
      for (const [index, file] of files.entries()) {
        await desk.put(join(file, "../.keep"), "");
        await appendFile(file, `${prose(turn * 100 + index, 200)}\n`);
      }
      await desk.run("chmod", ["-R", "go-w", join(desk.folder, "log")]);
      await desk.run("logrotate", ["-f", "-s", join(desk.elsewhere, "logrotate.state"), settings]);
    }
  },
};
