import { link, readFile, rm, writeFile } from "node:fs/promises";
import { ThymusError } from "@thymus/contracts";

/** Start time of a process in clock ticks since boot, which tells a process number that was used again; or null. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  return text === null ? null : (text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null);
}

/**
 * Holds a lock file that names the holder's process; one whose process is gone is taken over.
 * @returns the release
 * @throws ThymusError CONFLICT where somebody else holds it
 */
export async function takeLock(path: string, what: string): Promise<() => Promise<void>> {
  const own = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(own, `${process.pid} ${await startOf(process.pid)}`, { mode: 0o600 });
  try {
    for (let turn = 0; turn < 5; turn++) {
      try {
        // A link appears with its content, so nobody ever reads half a lock.
        await link(own, path);
        return () => rm(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const [pid, start] = (await readFile(path, "utf8").catch(() => "")).split(" ");
      const now = pid ? await startOf(Number(pid)) : null;
      if (now !== null && now === start)
        throw new ThymusError("CONFLICT", `${what} by process ${pid}`, "wait until it is done");
      await rm(path, { force: true });
    }
    throw new ThymusError("CONFLICT", what, "wait until it is done");
  } finally {
    await rm(own, { force: true });
  }
}
