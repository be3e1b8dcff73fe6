import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * A place at which a test may kill this process as a power cut would. Does nothing unless THYMUS_FAILPOINT names this
 * place (names with commas between, or `*` for all) and it was not used yet: THYMUS_FAILPOINT_ONCE is a file that the
 * first place makes, or a folder in which each place makes its own. Then the process sends SIGKILL to itself.
 */
export async function failpoint(name: string): Promise<void> {
  const armed = process.env.THYMUS_FAILPOINT;
  const once = process.env.THYMUS_FAILPOINT_ONCE;
  if (!armed || !once || (armed !== "*" && !armed.split(",").includes(name))) return;
  try {
    closeSync(openSync(isFolder(once) ? join(once, name) : once, "wx"));
  } catch {
    return;
  }
  process.kill(process.pid, "SIGKILL");
  // The signal arrives asynchronously: nothing after this place may run.
  await new Promise(() => setInterval(() => {}, 1000));
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
