import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause, Talker } from "./process.ts";

/** A program that is told of changes. */
export interface Watcher {
  readonly pid: number;
  /** Paths that it was told of, with what it says of losses itself. */
  end(): Promise<{ seen: Set<string>; says: string }>;
}

const reader = new URL("./reader.ts", import.meta.url).pathname;

export async function thymus(folder: string, kind: "fanotify" | "inotify"): Promise<Watcher> {
  const talker = new Talker(process.execPath, [reader, folder, kind]);
  const ready = await talker.hear((line) => line.startsWith("ready"));
  if (ready !== `ready ${kind}`) throw new Error(`${kind} is not to be had here: ${ready}`);
  return {
    pid: talker.pid,
    async end() {
      talker.say("end");
      const { seen, gaps, writers } = JSON.parse(await talker.hear((line) => line.startsWith("{")));
      await talker.end();
      return { seen: new Set<string>(seen), says: `${gaps} gaps, ${writers} with their writer` };
    },
  };
}

export async function inotifywait(folder: string, out: string): Promise<Watcher> {
  const events = "modify,attrib,close_write,move,create,delete";
  const args = ["-m", "-r", "-e", events, "--format", "%w%f", "-o", out, folder];
  const talker = new Talker("inotifywait", args, "stderr");
  await talker.hear((line) => line.includes("Watches established"));
  return {
    pid: talker.pid,
    async end() {
      await talker.end();
      const lines = readFileSync(out, "utf8").split("\n");
      return { seen: new Set(lines), says: "nothing: an overflow is not told" };
    },
  };
}

/** @throws Error where the kernel's audit is not to be had */
export async function auditd(folder: string, dir: string): Promise<Watcher> {
  const status = execFileSync("auditctl", ["-s"], { encoding: "utf8" });
  const [, holder] = /^pid (\d+)$/m.exec(status) ?? [];
  if (holder === undefined) throw new Error("the kernel has no audit");
  if (holder !== "0") throw new Error(`another program holds the kernel's audit (process ${holder})`);
  mkdirSync(dir, { mode: 0o700 });
  const log = join(dir, "audit.log");
  writeFileSync(
    join(dir, "auditd.conf"),
    `local_events = yes\nwrite_logs = yes\nlog_file = ${log}\nlog_group = root\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 900\nnum_logs = 0\nmax_log_file_action = IGNORE\nspace_left = 2\nspace_left_action = IGNORE\nadmin_space_left = 1\nadmin_space_left_action = IGNORE\ndisk_full_action = IGNORE\ndisk_error_action = IGNORE\nname_format = NONE\n`,
    { mode: 0o640 },
  );
  const talker = new Talker("auditd", ["-n", "-c", dir], "stderr");
  // What Debian's own rules begin with.
  execFileSync("auditctl", ["-b", "8192"], { stdio: "ignore" });
  execFileSync("auditctl", ["--backlog_wait_time", "60000"], { stdio: "ignore" });
  execFileSync("auditctl", ["-w", folder, "-p", "wa", "-k", "thymus-bench"], { stdio: "ignore" });
  await pause(1000);
  const lostBefore = lostNow();
  return {
    pid: talker.pid,
    async end() {
      const lost = lostNow() - lostBefore;
      execFileSync("auditctl", ["-W", folder, "-p", "wa", "-k", "thymus-bench"], { stdio: "ignore" });
      await talker.end();
      execFileSync("auditctl", ["-e", "0"], { stdio: "ignore" });
      const seen = new Set<string>();
      for (const [, name] of readFileSync(log, "utf8").matchAll(/ name="([^"]+)"/g)) seen.add(name!);
      return { seen, says: `${lost} records lost` };
    },
  };
}

const lostNow = (): number =>
  Number(/^lost (\d+)$/m.exec(execFileSync("auditctl", ["-s"], { encoding: "utf8" }))?.[1] ?? 0);
