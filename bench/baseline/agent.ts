/** Memory of the running agent over a tree: while it makes the first baseline, and while it compares again and again. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takenBy } from "../idle/processes.ts";
import { smallTree } from "./tree.ts";

export interface AgentMemory {
  readonly files: number;
  /** Until the first baseline was made: seconds, seconds of processors, largest resident memory in bytes. */
  readonly making: { readonly seconds: number; readonly cpuSeconds: number; readonly peak: number };
  /** Over the comparisons that followed. */
  readonly watching: { readonly seconds: number; readonly cpuSeconds: number; readonly peak: number };
  /** At the end: resident, and what no other process shares. */
  readonly residentBytes: number;
  readonly privateBytes: number;
}

const main = join(import.meta.dirname, "../../apps/cli/src/main.ts");
/** Seconds between two comparisons, and how many are waited for. */
const RECHECK = 60;
const RECHECKS = 3;
/** Milliseconds between two looks at the memory. */
const LOOK = 200;

const inside = "THYMUS_BENCH_INSIDE";

/**
 * As root the agent marks whole file systems: it gets one of its own, an image that is mounted for this process alone. @returns false
 * where another process did it all
 */
export function ownMounts(): boolean {
  if (process.getuid?.() !== 0 || process.env[inside]) return true;
  const args = ["--mount", "--propagation", "private", process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", args, { stdio: "inherit", env: { ...process.env, [inside]: "1" } });
  process.exitCode = status ?? 2;
  return false;
}

export async function agentMemory(folder: string, files: number, seconds: number): Promise<AgentMemory> {
  const place = join(folder, `agent-${files}`);
  mkdirSync(place, { recursive: true });
  const root = process.getuid?.() === 0;
  if (root) mount(place, files);
  try {
    const tree = smallTree(place, files);
    const data = join(place, "data");
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data);
    const config = `[agent]\nwatch = [${JSON.stringify(tree)}]\nrecheckSeconds = ${RECHECK}\n`;
    writeFileSync(join(data, "thymus.toml"), config);
    return await measure(data, files, seconds > 0 ? seconds : RECHECK * RECHECKS);
  } finally {
    if (root) execFileSync("umount", ["-l", place]);
  }
}

/** Contents of some bytes lie in the inodes. */
function mount(place: string, files: number): void {
  const image = `${place}.img`;
  if (!existsSync(image)) {
    writeFileSync(image, "");
    truncateSync(image, files * 1500 + 2 ** 31);
    const inodes = String(Math.ceil(files * 1.1) + 50_000);
    execFileSync("mkfs.ext4", ["-q", "-F", "-O", "inline_data", "-I", "256", "-N", inodes, image]);
  }
  execFileSync("mount", ["-o", "loop,noatime", image, place]);
}

async function measure(data: string, files: number, seconds: number): Promise<AgentMemory> {
  const started = performance.now();
  const child = spawn(process.execPath, ["--no-warnings", main, "agent", "--data", data], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentOf(child.pid!));
  }, LOOK);
  const phase = () => {
    const all = peak;
    peak = 0;
    return {
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: takenBy(child.pid!).cpuSeconds,
      peak: all,
    };
  };
  try {
    await said(child, "the agent watches");
    const making = phase();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const { residentBytes, privateBytes } = takenBy(child.pid!);
    const all = phase();
    const watching = {
      seconds: all.seconds - making.seconds,
      cpuSeconds: all.cpuSeconds - making.cpuSeconds,
      peak: all.peak,
    };
    return { files, making, watching, residentBytes, privateBytes };
  } finally {
    clearInterval(timer);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill("SIGTERM")) await gone;
  }
}

function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function said(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr!.setEncoding("utf8").on("data", (more: string) => {
      text = (text + more).slice(-20_000);
      if (text.includes(what)) resolve();
    });
    child.once("exit", (status) => reject(new Error(`the agent ended with status ${status}: ${text}`)));
  });
}
