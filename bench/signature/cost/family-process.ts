/** A process of its own that opens self, derives rules for the families named, and says what that cost; used by `measure.ts`. */
import { readFileSync } from "node:fs";
import { deriveFamilyRule } from "../../../apps/analysis/src/signature/family/index.ts";
import { fetchBuilds } from "../corpora/parts.ts";
import { openSelf } from "../corpora/self.ts";
import { timed } from "../run/score.ts";

const { builds } = await fetchBuilds(() => {});
const before = process.memoryUsage().rss;
const start = await timed(async () => {
  const self = await openSelf();
  // The model and the index are read when they are first asked.
  self.logProbability(Buffer.from("the first question of all"));
  (self as { absent?(bytes: Uint8Array): boolean }).absent?.(Buffer.from("the first question of all"));
  return self;
});
const families = [...new Set(builds.map(({ family }) => family))];
const derived = [];
for (const family of families) {
  const samples = builds
    .filter((build) => build.family === family && build.part === "train")
    .map(({ name, type, path }) => ({ name, type, bytes: readFileSync(path) }));
  const { cpuSeconds, seconds } = await timed(() =>
    deriveFamilyRule({ samples, self: start.value, family: `bench.${family}` }),
  );
  derived.push({ family, cpuSeconds, seconds });
}
// Not getrusage(2): its maximum is inherited from the process that started this one.
const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))![1];
process.stdout.write(
  JSON.stringify({
    startSeconds: start.seconds,
    startCpuSeconds: start.cpuSeconds,
    before,
    derived,
    memory: Number(peak) * 1024,
  }),
);
process.exit(0);
