import { type SpawnSyncReturns, spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a shell script beside this process, which has to answer meanwhile. */
export async function shell(
  script: string,
): Promise<Pick<SpawnSyncReturns<string>, "status" | "stdout" | "stderr">> {
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    if (await holds()) return;
    await pause(50);
  }
  throw new Error(`did not happen within 30 s: ${what}`);
}
