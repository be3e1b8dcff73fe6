import { spawnSync } from "node:child_process";

/** Seconds of the processor (user and system, children included) and of the clock; MB of the largest process. */
export interface Spent {
  readonly cpu: number;
  readonly wall: number;
  readonly memory: number;
}

/** Runs a command on one processor. What it finds is no failure, an error is one. */
export function measured(command: readonly string[]): Spent {
  const done = spawnSync("taskset", ["-c", "0", "/usr/bin/time", "-f", "\n%U %S %e %M", ...command], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (done.error) throw new Error(`apt-get install time util-linux: ${done.error.message}`);
  const last = done.stderr.trimEnd().split("\n").at(-1)!;
  const [user, system, wall, kilobytes] = last.split(" ").map(Number) as [number, number, number, number];
  if (done.status === null || done.status > 1 || !Number.isFinite(user))
    throw new Error(`${command[0]} failed (${done.status}): ${done.stderr.slice(-500)}`);
  return { cpu: user + system, wall, memory: kilobytes / 1024 };
}

/** First line of what a tool says of itself; null where it is not installed. */
export function version(name: string): string | null {
  const done = spawnSync(name, ["--version"], { encoding: "utf8" });
  return done.error ? null : done.stdout.trim().split("\n")[0]!;
}
