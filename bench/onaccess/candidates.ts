import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Something that is asked before the files of one folder are opened. */
export interface Candidate {
  readonly name: string;
  readonly target: string;
  close(): Promise<void>;
}

type Start = (name: string, target: string, data: string) => Promise<Candidate>;

const command = join(import.meta.dirname, "../../apps/cli/src/main.ts");
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await Promise.race([ended, pause(5000)]);
  child.kill("SIGKILL");
}

/** Waits at most `seconds`. @throws Error with what was waited for */
async function until(what: string, seconds: number, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < seconds * 10; turn++) {
    if (holds()) return;
    await pause(100);
  }
  throw new Error(`${what} within ${seconds} s`);
}

/** True where some process marked the file system of `target` by fanotify. */
function isMarked(target: string): boolean {
  const device = Number(execFileSync("stat", ["--format=%d", target], { encoding: "utf8" }));
  // The kernel writes device numbers there with twenty bits for the minor one.
  const sdev = `sdev:${((device >> 8) * 0x100000 + (device & 0xff)).toString(16)} `;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fdinfo`))
        if (readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").includes(`fanotify sdev:`)) {
          if (readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").includes(sdev.trim())) return true;
        }
    } catch {
      // Ended meanwhile.
    }
  }
  return false;
}

export const none: Start = async (name, target) => ({ name, target, close: async () => {} });

/** The agent as it is started on a machine, with this one folder guarded. */
export function thymus(mode: "observe" | "deny"): Start {
  return async (name, target, data) => {
    const config = join(data, "thymus.toml");
    writeFileSync(config, `[agent.onAccess]\nmode = "${mode}"\nfolders = ["${target}"]\n`);
    const child = spawn(
      process.execPath,
      ["--no-warnings", command, "agent", "--data", data, "--config", config],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-10_000);
    });
    try {
      await until("the agent does not watch", 60, () => said.includes("the agent watches"));
      await until("the agent did not mark the file system", 10, () => isMarked(target));
    } catch (error) {
      await end(child);
      throw new Error(`${(error as Error).message}: ${said.slice(-500)}`);
    }
    return { name, target, close: () => end(child) };
  };
}

/** clamd with one signature of its own, and clamonacc with prevention. */
export const clamonacc: Start = async (name, target, data) => {
  for (const each of ["clamd", "clamonacc"])
    if (!existsSync(`/usr/sbin/${each}`)) throw new Error("apt-get install clamav-daemon");
  const sign = createHash("sha256").update("nothing has this content").digest("hex");
  writeFileSync(join(data, "own.hsb"), `${sign}:24:Own.Sign\n`);
  const config = join(data, "clamd.conf");
  const lines = {
    DatabaseDirectory: data,
    LocalSocket: join(data, "socket"),
    User: "root",
    Foreground: "yes",
    OnAccessIncludePath: target,
    OnAccessPrevention: "yes",
    OnAccessExcludeUname: "clamav",
  };
  writeFileSync(
    config,
    Object.entries(lines)
      .map(([key, value]) => `${key} ${value}\n`)
      .join(""),
  );
  const log = openSync(join(data, "log"), "w");
  const said = () => readFileSync(join(data, "log"), "utf8");
  const start = (program: string, args: string[]) =>
    spawn(`/usr/sbin/${program}`, args, { stdio: ["ignore", log, log] });
  const children = [start("clamd", ["--config-file", config])];
  const close = async () => {
    for (const child of children.reverse()) await end(child);
    closeSync(log);
  };
  try {
    await until("clamd does not listen", 60, () => existsSync(join(data, "socket")));
    children.push(start("clamonacc", ["--config-file", config, "--foreground", "--fdpass", "--verbose"]));
    await until("clamonacc did not begin", 30, () =>
      /watching|protecting|extra scanning|started/i.test(said()),
    );
    await pause(3000);
    if (children[1]!.exitCode !== null) throw new Error("clamonacc ended");
  } catch (error) {
    const why = said();
    await close();
    throw new Error(`${(error as Error).message}: ${why.slice(-800)}`);
  }
  return { name, target, close };
};
