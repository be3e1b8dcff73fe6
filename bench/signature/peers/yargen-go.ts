import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import type { Peer } from "../run/context.ts";

const FLAGS: Record<string, readonly string[]> = {
  "yarGen-Go default": [],
  "yarGen-Go best": ["-excludegood", "-nosimple"],
};

/**
 * A folder with yarGen-Go's program `yargen` and, in `dbs`, a goodware database made from the train part of this bench:
 * `yargen-util create -g .cache/bench/goodware/train -i train`.
 * @throws ThymusError NOT_FOUND
 */
export function openYarGenGo(folder: string): Peer[] {
  const program = join(folder, "yargen");
  if (!existsSync(program) || !existsSync(join(folder, "dbs"))) {
    throw new ThymusError(
      "NOT_FOUND",
      `${folder} has no yargen with dbs beside it`,
      "build it, then: yargen-util create",
    );
  }
  return Object.entries(FLAGS).map(([name, flags]) => ({
    name,
    // It reads its database for every input, which takes some twenty seconds.
    tiers: ["A"],
    async derive(samples) {
      const temp = mkdtempSync(join(tmpdir(), "thymus-bench-yargen-"));
      try {
        const input = join(temp, "samples");
        mkdirSync(input);
        for (const [i, path] of samples.entries()) copyFileSync(path, join(input, `sample-${i}`));
        const out = join(temp, "rules.yar");
        const started = performance.now();
        const args = ["-m", input, "-o", out, "-no-llm", ...flags];
        // The shell's own clock counts the processor seconds of the program that it waited for.
        const { stderr } = spawnSync(
          "bash",
          ["-c", 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null', "bash", program, ...args],
          { cwd: folder, encoding: "utf8" },
        );
        const [user, system] = stderr.trim().split(/\s+/).map(Number);
        const rule = existsSync(out) ? readFileSync(out, "utf8") : "";
        const empty = !/^\s*(private\s+)?rule\s/m.test(rule);
        return {
          ...{ rule: empty ? null : rule, refused: empty ? "it made no rule" : null },
          ...{ cpuSeconds: (user ?? 0) + (system ?? 0), seconds: (performance.now() - started) / 1000 },
        };
      } finally {
        rmSync(temp, { recursive: true, force: true });
      }
    },
  }));
}
