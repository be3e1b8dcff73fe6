/**
 * Changes that a watcher is not told of in a burst, what it costs, and what it costs while nothing happens. The watchers run one
 * after the other over the same burst on a file system of its own (tmpfs), several times; then whole agents.
 * `npm run bench -- watch [--changes 20000] [--rounds 3] [--idle 10] [--only NAME] [--json]` (as root)
 */
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { baselineRow } from "../apps/agent/src/monitors/baseline.ts";
import { type Database, openAgentDatabase } from "../apps/agent/src/state/open.ts";
import { median } from "./shared/numbers.ts";
import type { Truth } from "./watch/burst.ts";
import { atRest, cpuOf, memoryOf, pause, Talker } from "./watch/process.ts";
import { auditd, inotifywait, thymus, type Watcher } from "./watch/watchers.ts";

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    idle: { type: "string", default: "10" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const changes = Number(values.changes);
for (const [command, name] of [
  ["inotifywait", "inotify-tools"],
  ["auditctl", "auditd"],
] as const) {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
  } catch {
    process.stderr.write(`thymus: this bench needs ${command}: apt-get install ${name}\n`);
    process.exit(2);
  }
}
if (process.getuid?.() !== 0) {
  process.stderr.write("thymus: this bench needs root: fanotify and the kernel's audit are for root only\n");
  process.exit(2);
}

interface Row {
  readonly watcher: string;
  lost: number;
  of: number;
  cpu: number;
  idle: number;
  burst: number;
  memory: number;
  says: string;
}

const dir = mkdtempSync(join(tmpdir(), "thymus-bench-watch-"));
const mounted = join(dir, "files");
mkdirSync(mounted);
execFileSync("mount", ["-t", "tmpfs", "none", mounted]);
const burst = new URL("./watch/burst.ts", import.meta.url).pathname;
const agentProgram = new URL("./watch/agent.ts", import.meta.url).pathname;
let turn = 0;

function run(folder: string, step: "prepare" | "run"): Truth | null {
  const truth = join(dir, "truth.json");
  execFileSync(process.execPath, [burst, folder, String(changes), step, truth]);
  return step === "run" ? (JSON.parse(readFileSync(truth, "utf8")) as Truth) : null;
}

function freshFolder(): string {
  const folder = join(mounted, `round-${turn++}`);
  mkdirSync(folder);
  run(folder, "prepare");
  return folder;
}

/** Paths of the truth that were not told: nor was, for what is gone, a folder above it. */
function lostOf(truth: Truth, seen: ReadonlySet<string>): number {
  return [...truth.changed, ...truth.gone].filter((path) => !seen.has(path)).length;
}

async function idleOf(pid: number): Promise<number> {
  const before = cpuOf(pid);
  await pause(Number(values.idle) * 1000);
  return ((cpuOf(pid) - before) / Number(values.idle)) * 100;
}

async function one(name: string, start: (folder: string) => Promise<Watcher>, beside = false): Promise<Row> {
  const folder = freshFolder();
  const other = beside ? freshFolder() : folder;
  const watcher = await start(folder);
  await atRest(watcher.pid);
  const idle = await idleOf(watcher.pid);
  const before = cpuOf(watcher.pid);
  const truth = run(other, "run")!;
  await atRest(watcher.pid);
  const cpu = cpuOf(watcher.pid) - before;
  const memory = memoryOf(watcher.pid).peak;
  const { seen, says } = await watcher.end();
  const lost = beside ? 0 : lostOf(truth, seen);
  rmSync(folder, { recursive: true });
  if (beside) rmSync(other, { recursive: true });
  const of = beside ? 0 : truth.changed.length + truth.gone.length;
  return { watcher: name, lost, of, cpu, idle, burst: truth.seconds, memory, says };
}

/** Paths that self does not know as they are. */
async function unsettled(db: Database, { changed, gone }: Truth): Promise<number> {
  let count = 0;
  for (const path of changed)
    if ((await baselineRow(db, path))?.size !== lstatSync(path, { throwIfNoEntry: false })?.size) count++;
  for (const path of gone) if (await baselineRow(db, path)) count++;
  return count;
}

/** A whole agent: what its baseline does not know as it is, once it is at rest again. */
async function agent(kind: "fanotify" | "inotify"): Promise<Row> {
  const folder = freshFolder();
  const data = join(dir, `agent-${turn}`);
  const talker = new Talker(process.execPath, [agentProgram, folder, data, kind]);
  await talker.hear((line) => line === "ready");
  await atRest(talker.pid);
  const idle = await idleOf(talker.pid);
  const before = cpuOf(talker.pid);
  const truth = run(folder, "run")!;
  const began = performance.now();
  const db = await openAgentDatabase(data);
  let wrong = Number.NaN;
  let seconds = 0;
  // A package manager at work elsewhere on the machine makes the agent wait.
  while (wrong !== 0 && seconds < 240) {
    await pause(1000);
    seconds = (performance.now() - began) / 1000;
    wrong = await unsettled(db, truth);
  }
  await db.destroy();
  await atRest(talker.pid);
  const cpu = cpuOf(talker.pid) - before;
  const memory = memoryOf(talker.pid).peak;
  talker.say("end");
  await new Promise((resolve) => talker.child.once("exit", resolve));
  rmSync(folder, { recursive: true });
  return {
    watcher: `agent, ${kind}`,
    lost: wrong,
    of: truth.changed.length + truth.gone.length,
    cpu,
    idle,
    burst: truth.seconds,
    memory,
    says: `settled ${seconds.toFixed(1)} s after the burst`,
  };
}

const rows: Row[] = [];
try {
  const all: [string, () => Promise<Row>][] = [
    ["thymus, fanotify", () => one("thymus, fanotify", (folder) => thymus(folder, "fanotify"))],
    [
      "inotifywait",
      () => one("inotifywait", (folder) => inotifywait(folder, join(dir, `inotifywait-${turn}`))),
    ],
    ["thymus, inotify", () => one("thymus, inotify", (folder) => thymus(folder, "inotify"))],
    ["auditd", () => one("auditd", (folder) => auditd(folder, join(dir, `auditd-${turn}`)))],
    [
      "beside",
      () => one("thymus, fanotify, burst beside its folder", (folder) => thymus(folder, "fanotify"), true),
    ],
    ["agent, fanotify", () => agent("fanotify")],
    ["agent, inotify", () => agent("inotify")],
  ];
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, measure] of all.filter(([each]) => each.includes(values.only))) {
      try {
        rows.push(await measure());
      } catch (error) {
        rows.push({
          watcher: name,
          lost: Number.NaN,
          of: 0,
          cpu: Number.NaN,
          idle: Number.NaN,
          burst: Number.NaN,
          memory: Number.NaN,
          says: `not measured: ${(error as Error).message}`,
        });
      }
      if (!values.json) process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
    }
} finally {
  execFileSync("umount", ["-l", mounted]);
  rmSync(dir, { recursive: true, force: true });
}

const names = [...new Set(rows.map(({ watcher }) => watcher))];
const table = names.map((name) => {
  const of = rows.filter(({ watcher }) => watcher === name);
  const mid = (value: (row: Row) => number) => median(of.map(value));
  return {
    watcher: name,
    rounds: of.length,
    lost: of.map(({ lost }) => lost),
    of: mid((row) => row.of),
    cpuSeconds: mid(({ cpu }) => cpu),
    idlePercent: mid(({ idle }) => idle),
    burstSeconds: mid((row) => row.burst),
    peakBytes: Math.max(...of.map(({ memory }) => memory)),
    says: of.at(-1)!.says,
  };
});
if (values.json) process.stdout.write(`${JSON.stringify({ changes, table })}\n`);
else {
  const peer = table.find(({ watcher }) => watcher === "inotifywait");
  process.stdout.write(
    `${changes} changes in a burst; each watcher in turn, ${values.rounds} rounds, medians\n`,
  );
  for (const row of table) {
    const ratio = peer && row.of > 0 ? (row.cpuSeconds / peer.cpuSeconds).toFixed(2) : "-";
    process.stdout.write(
      `${row.watcher.padEnd(42)} lost ${row.lost.join(", ").padEnd(20)} of ${row.of}  CPU ${row.cpuSeconds.toFixed(2)} s (${ratio} of inotifywait)  ` +
        `idle ${row.idlePercent.toFixed(3)} %  burst ${row.burstSeconds.toFixed(2)} s  peak ${(row.peakBytes / 2 ** 20).toFixed(0)} MiB  ${row.says}\n`,
    );
  }
}
const own = table.filter(
  ({ watcher }) => watcher.startsWith("thymus, fanotify") || watcher.startsWith("agent"),
);
process.exitCode = own.some(({ lost }) => lost.some((count) => count !== 0)) ? 1 : 0;
