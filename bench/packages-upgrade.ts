/**
 * Show 1: the real apt upgrades packages of a signed repository made here, into a root of its own that an agent watches at default settings.
 * How much slower it is than without an agent, in turn; what is suspected (nothing should be); then one byte is patched in a program of
 * each kind: milliseconds until it is suspected by its package's name, and until it is back.
 * `npm run bench -- packages-upgrade [--packages N] [--repeats N] [--patches N] [--json]`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  AptRepository,
  AptRoot,
  cachingPackage,
  ordinaryPackage,
} from "../apps/agent/src/testing/apt-repository.ts";
import { median, quantile } from "./shared/numbers.ts";

const { values } = parseArgs({
  options: {
    packages: { type: "string", default: "50" },
    repeats: { type: "string", default: "5" },
    patches: { type: "string", default: "10" },
    json: { type: "boolean", default: false },
  },
});
const names = Array.from({ length: Number(values.packages) }, (_, index) => `tool${index}`);
const say = (line: string) => process.stderr.write(`${line}\n`);

const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-bench-packages-")));
await chmod(dir, 0o755);
const dataDir = join(dir, "agent");
const eventsFile = join(dataDir, "events.ndjson");
const events = async () =>
  (await readFile(eventsFile, "utf8").catch(() => ""))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { at: string; what: string });

const repository = await AptRepository.create(dir);
const running: { agent: ChildProcess | null } = { agent: null };
try {
  say(`building ${names.length} packages in two versions`);
  await repository.add(cachingPackage);
  for (const version of ["1.0", "2.0"])
    for (const name of names) await repository.add(await ordinaryPackage(name, version));
  await repository.publish();
  const system = await AptRoot.create(join(dir, "root"), repository);
  await system.apt("update");
  const to = (version: string) => [
    ...["install", "--allow-downgrades", "test-cache"],
    ...names.map((name) => `${name}=${version}`),
  ];
  await system.apt(...to("1.0"));

  const startAgent = async () => {
    const argument = JSON.stringify({ dataDir, root: system.root, config: system.config });
    const child = spawn(
      process.execPath,
      ["--no-warnings", join(import.meta.dirname, "packages-upgrade/agent.ts"), argument],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    running.agent = child;
    await once(child.stdout, "data");
    return child;
  };
  const stopAgent = async () => {
    const { agent } = running;
    if (!agent) return;
    agent.kill("SIGTERM");
    await once(agent, "exit");
    running.agent = null;
  };
  /** Seconds of processor that the agent has taken (proc(5), stat: fields 14 to 17, hundredths). */
  const processor = async () => {
    const stat = (await readFile(`/proc/${running.agent!.pid}/stat`, "utf8")).split(") ")[1]!.split(" ");
    return stat.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  };
  const quiet = async () => {
    for (let before = -1, now = 0; before !== now; now = (await events()).length) {
      before = now;
      await pause(4000);
    }
  };
  const upgrade = async () => {
    const started = performance.now();
    await system.apt(...to("2.0"));
    return (performance.now() - started) / 1000;
  };

  // The first round makes the baseline and warms the caches; it does not count.
  await startAgent();
  await system.apt(...to("2.0"));
  await quiet();
  await stopAgent();
  await system.apt(...to("1.0"));
  const rows: { without: number; with: number; agentSeconds: number }[] = [];
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    const row = { without: 0, with: 0, agentSeconds: 0 };
    for (const which of repeat % 2 === 0 ? (["without", "with"] as const) : (["with", "without"] as const)) {
      if (which === "with") {
        await startAgent();
        await quiet();
        const before = await processor();
        row.with = await upgrade();
        row.agentSeconds = (await processor()) - before;
        await quiet();
      } else row.without = await upgrade();
      await stopAgent();
      await system.apt(...to("1.0"));
    }
    rows.push(row);
    say(`without ${row.without.toFixed(2)} s, with ${row.with.toFixed(2)} s (agent ${row.agentSeconds} s)`);
  }

  await startAgent();
  await quiet();
  await system.apt(...to("2.0"));
  await quiet();
  const suspected = (await events()).filter(({ what }) => what.startsWith("suspected"));
  const accepted = (await events()).filter(({ what }) => what.startsWith("accepted")).length;

  const patches: { found: number; back: number; same: boolean }[] = [];
  for (let index = 0; index < Number(values.patches); index++) {
    const path = system.at(`usr/bin/${names[index % names.length]}-${index % 2}`);
    const clean = await readFile(path);
    const changed = Buffer.from(clean);
    changed[clean.length >> 1]! ^= 1;
    const at = Date.now();
    await writeFile(path, changed);
    const time = async (begin: RegExp) => {
      for (const limit = Date.now() + 30_000; Date.now() < limit; await pause(20)) {
        const event = (await events()).find((each) => begin.test(each.what) && each.what.includes(path));
        if (event) return Date.parse(event.at) - at;
      }
      return Number.POSITIVE_INFINITY;
    };
    // The first one opens the case of this folder; others join it.
    const found = await time(/^(suspected|also changed)/);
    const back = await time(/^brought back/);
    patches.push({ found, back, same: (await readFile(path)).equals(clean) });
    await pause(1500);
  }
  await stopAgent();

  const ratio = median(rows.map((row) => row.with / row.without));
  const result = { packages: names.length, rows, ratio, suspected: suspected.length, accepted, patches };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const [a, b] = [median(rows.map((row) => row.without)), median(rows.map((row) => row.with))];
    const found = patches.map((patch) => patch.found);
    process.stdout.write(
      `\nupgrade of ${names.length} packages: ${a.toFixed(2)} s without the agent, ${b.toFixed(2)} s with it (medians of ${rows.length}); ` +
        `median of the ratios ${ratio.toFixed(3)}; the agent took ${median(rows.map((row) => row.agentSeconds)).toFixed(2)} s of processor meanwhile\n` +
        `suspected over all upgrades: ${suspected.length}; lines of what was accepted: ${accepted}\n` +
        `one byte patched, ${patches.length} times: suspected after ${median(found)} ms (median; worst ${quantile(found, 1)}), ` +
        `back after ${median(patches.map(({ back }) => back))} ms (worst ${quantile(
          patches.map(({ back }) => back),
          1,
        )}), byte for byte in ${patches.filter(({ same }) => same).length}\n`,
    );
  }
  process.exitCode = suspected.length > 0 || patches.some(({ same }) => !same) ? 1 : 0;
} finally {
  running.agent?.kill("SIGKILL");
  await repository.close();
  await rm(dir, { recursive: true, force: true });
}
