/**
 * What an agent costs on a machine where nothing happens: CPU and memory of all its processes, with N watched files, default
 * settings and a documents folder. `npm run bench -- idle [--minutes 60] [--files 200000] [--folder DIR] [--json]`
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { takenBy } from "./idle/processes.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    files: { type: "string", default: "200000" },
    folder: { type: "string" },
    json: { type: "boolean", default: false },
    inside: { type: "boolean", default: false },
  },
});
const root = process.getuid?.() === 0;
// As root the agent marks file systems: it gets one of its own, in a mount namespace that ends with this process.
if (root && !values.inside) {
  const { status } = spawnSync(
    "unshare",
    [
      "--mount",
      "--propagation",
      "private",
      process.execPath,
      import.meta.filename,
      ...process.argv.slice(2),
      "--inside",
    ],
    { stdio: "inherit" },
  );
  process.exit(status ?? 2);
}

const folder = realpathSync(values.folder ?? mkdtempSync(join(tmpdir(), "thymus-idle-")));
if (values.inside)
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=4g,mode=755,nr_inodes=3m", "tmpfs", folder]);
const command = join(import.meta.dirname, "../apps/cli/src/main.ts");
const say = (text: string) => process.stderr.write(`${text}\n`);

/** Every twentieth is a program, as on a system whose packages are installed. */
function makeFiles(count: number): void {
  for (let index = 0; index < count; index++) {
    const below = join(folder, "watched", `d${Math.floor(index / 1000)}`, `e${Math.floor(index / 50) % 20}`);
    if (index % 50 === 0) mkdirSync(below, { recursive: true });
    const program = index % 20 === 0;
    writeFileSync(
      join(below, `${index}${program ? ".sh" : ".txt"}`),
      program ? `#!/bin/sh\necho ${index}\n` : `text ${index}\n`,
      { mode: program ? 0o755 : 0o644 },
    );
  }
}

function agent(data: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--no-warnings", command, "agent", "--data", data], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-100_000);
      if (said.includes("the agent watches")) resolve(child);
    });
    child.once("exit", (status) => reject(new Error(`the agent ended with status ${status}: ${said}`)));
  });
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let running: ChildProcess | null = null;
try {
  const files = Number(values.files);
  say(`making ${files} files`);
  makeFiles(files);
  mkdirSync(join(folder, "documents"));
  const data = join(folder, "data");
  mkdirSync(data);
  const quote = (path: string) => JSON.stringify(join(folder, path));
  writeFileSync(
    join(data, "thymus.toml"),
    `[agent]\nwatch = [${quote("watched")}, ${quote("documents")}]\n[agent.behaviour]\ndocuments = [${quote("documents")}]\n`,
  );
  const started = performance.now();
  running = await agent(data);
  const first = { seconds: (performance.now() - started) / 1000, ...takenBy(running.pid!) };
  say(`ready after ${first.seconds.toFixed(1)} s (${first.cpuSeconds.toFixed(1)} s of processors)`);
  await wait(15_000);
  const from = takenBy(running.pid!);
  const since = performance.now();
  const minutes = Number(values.minutes);
  let peak = 0;
  for (let minute = 0; minute < minutes; minute++) {
    await wait(Math.max(0, since + (minute + 1) * 60_000 - performance.now()));
    peak = Math.max(peak, takenBy(running.pid!).residentBytes);
  }
  const to = takenBy(running.pid!);
  const seconds = (performance.now() - since) / 1000;
  const percent = (100 * (to.cpuSeconds - from.cpuSeconds)) / seconds;
  const result = { files, seconds, percentOfOneCore: percent, peakResidentBytes: peak, start: first, ...to };
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `${files} files, ${(seconds / 60).toFixed(1)} minutes: ${percent.toFixed(2)} % of one core (${(to.cpuSeconds - from.cpuSeconds).toFixed(2)} s), ` +
          `${mb(to.residentBytes)} resident (${mb(to.privateBytes)} its own, at most ${mb(peak)}), ${to.processes} processes, ${to.threads} threads\n`,
  );
  process.exitCode = percent < 1 ? 0 : 1;
} finally {
  if (running) {
    const gone = new Promise<void>((resolve) => running!.once("exit", () => resolve()));
    running.kill("SIGTERM");
    await Promise.race([gone, wait(20_000)]);
    if (running.exitCode === null) running.kill("SIGKILL");
  }
  if (values.inside) spawnSync("umount", ["-l", folder]);
  if (!values.folder) rmSync(folder, { recursive: true, force: true });
}
