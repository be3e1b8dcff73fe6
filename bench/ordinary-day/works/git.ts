import { join } from "node:path";
import type { Work } from "../work.ts";

const project = join(import.meta.dirname, "../../..");

/** The project's own repository: cloned, older versions checked out, a branch rebased, packed. */
export const git: Work = {
  name: "git",
  needs: ["git"],
  async carryOut(desk) {
    const clone = join(desk.folder, "project");
    const identity = [
      "-c",
      "user.name=nobody",
      "-c",
      "user.email=nobody@example.org",
      "-c",
      "advice.detachedHead=false",
    ];
    const at = (...args: string[]) => desk.run("git", ["-C", clone, ...identity, ...args]);
    await desk.run("git", ["clone", "-q", "--no-hardlinks", project, clone]);
    await desk.pause();
    const commits = (await at("rev-list", "--first-parent", "-n", "400", "HEAD")).trim().split("\n");
    const main = commits[0]!;
    for (const back of [1, 20, 120, 399]) {
      await at("checkout", "-q", commits[Math.min(back, commits.length - 1)]!);
      await desk.pause();
    }
    await at("checkout", "-q", main);
    await at("checkout", "-q", "-b", "ordinary", commits[Math.min(10, commits.length - 1)]!);
    for (const number of [1, 2, 3]) {
      await desk.put(join(clone, `scripts/ordinary-${number}.sh`), `#!/bin/sh\necho step ${number}\n`, 0o755);
      await at("add", "-A");
      await at("commit", "-qm", `Step ${number}`);
    }
    await at("rebase", "-q", main);
    await desk.pause();
    await at("worktree", "add", "-q", join(desk.folder, "second"), main);
    await at("gc", "-q");
    await at("clean", "-fdxq");
  },
};
