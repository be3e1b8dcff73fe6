import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ThymusError } from "@thymus/contracts";
import type { Peer } from "../run/context.ts";
import type { Tier } from "../run/row.ts";

/** What people use: as it comes, and with the flags that made least false positives when it was measured. */
const FLAGS: Record<string, readonly string[]> = {
  "yarGen default": [],
  "yarGen best": ["--excludegood", "--nosimple"],
};

/** Not E: its many small sets of samples would take hours. */
const TIERS: readonly Tier[] = ["A", "B", "C", "D", "F", "G"];

interface Answer {
  readonly ok: boolean;
  readonly cpu: number;
  readonly seconds: number;
  readonly memory: number;
}

export interface YarGen {
  readonly peers: readonly Peer[];
  /** What reading its database took: seconds and bytes. */
  readonly start: Answer;
  close(): Promise<void>;
}

/**
 * A checkout of yarGen that the user points to. Its goodware database must have been made from the train part of this bench:
 * `python3 yarGen.py -c -g .cache/bench/goodware/train -i train` in the checkout.
 * @throws ThymusError NOT_FOUND, TOOL_FAILED
 */
export async function openYarGen(checkout: string): Promise<YarGen> {
  const dbs = join(checkout, "dbs");
  if (!existsSync(dbs) || !readdirSync(dbs).some((name) => name.startsWith("good-strings"))) {
    throw new ThymusError(
      "NOT_FOUND",
      `${checkout} has no goodware database`,
      "make it: python3 yarGen.py -c -g GOODWARE/train -i train",
    );
  }
  const child = spawn("python3", [join(import.meta.dirname, "yargen-driver.py"), checkout], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new ThymusError("TOOL_FAILED", "yarGen ended", "run it by hand to see why");
    return JSON.parse(value) as Answer;
  };
  const start = await answer();
  const derive = async (samples: readonly string[], flags: readonly string[]) => {
    const folder = mkdtempSync(join(tmpdir(), "thymus-bench-yargen-"));
    try {
      const input = join(folder, "samples");
      mkdirSync(input);
      for (const [i, path] of samples.entries()) copyFileSync(path, join(input, `sample-${i}`));
      const out = join(folder, "rules.yar");
      child.stdin.write(`${JSON.stringify({ samples: input, out, flags })}\n`);
      const { ok, cpu, seconds } = await answer();
      const rule = existsSync(out) ? readFileSync(out, "utf8") : "";
      const empty = !/^\s*(private\s+)?rule\s/m.test(rule);
      const refused = empty ? (ok ? "it made no rule" : "it failed") : null;
      return { rule: empty ? null : rule, refused, cpuSeconds: cpu, seconds };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  return {
    start,
    peers: Object.entries(FLAGS).map(([name, flags]) => ({
      name,
      tiers: TIERS,
      derive: (samples) => derive(samples, flags),
    })),
    async close() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
