import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

/** Packages of npm from tarballs: installed, upgraded, installed anew from the lockfile. */
export const npm: Work = {
  name: "npm",
  needs: ["npm", "tar"],
  async carryOut(desk) {
    const count = 4 + 2 * desk.scale;
    const tarball = async (index: number, version: number) => {
      const name = `day-package-${index}`;
      const top = join(desk.elsewhere, `npm-${index}-${version}`);
      await desk.put(
        join(top, "package/package.json"),
        JSON.stringify({ name, version: `${version}.0.0`, bin: { [name]: "cli.js" }, main: "index.js" }),
      );
      await desk.put(
        join(top, "package/index.js"),
        `"use strict";\n/* ${prose(index * 100 + version, 5)} */\nmodule.exports = (n) => n + ${index * version};\n`,
      );
      await desk.put(
        join(top, "package/cli.js"),
        `#!/usr/bin/env node\n"use strict";\nconst run = require("./index.js");\nconst version = "${version}.0.0";\nconsole.log("${name}", version, run(${index}));\n`,
        0o755,
      );
      const file = join(desk.elsewhere, `${name}-${version}.0.0.tgz`);
      await desk.run("tar", ["-czf", file, "-C", top, "package"]);
      return file;
    };
    const env = { npm_config_cache: join(desk.elsewhere, "npm-cache"), npm_config_update_notifier: "false" };
    const quiet = ["--offline", "--no-audit", "--no-fund", "--silent"];
    await desk.put(join(desk.folder, "package.json"), JSON.stringify({ name: "day", version: "1.0.0" }));
    for (const version of [1, 2]) {
      const files: string[] = [];
      for (const index of upTo(count)) files.push(await tarball(index, version));
      await desk.run("npm", ["install", ...quiet, ...files], { cwd: desk.folder, env });
      await desk.pause();
    }
    await desk.run("npm", ["ci", ...quiet], { cwd: desk.folder, env });
  },
};
