import { closeSync, openSync } from "node:fs";

/**
 * A place at which a test may kill this process as a power cut would. Does nothing unless THYMUS_FAILPOINT names this
 * place and the file THYMUS_FAILPOINT_ONCE does not exist yet; then creates that file and sends SIGKILL to itself.
 */
export async function failpoint(name: string): Promise<void> {
  if (process.env.THYMUS_FAILPOINT !== name) return;
  const once = process.env.THYMUS_FAILPOINT_ONCE;
  if (!once) return;
  try {
    closeSync(openSync(once, "wx"));
  } catch {
    return;
  }
  process.kill(process.pid, "SIGKILL");
  // The signal arrives asynchronously: nothing after this place may run.
  await new Promise(() => setInterval(() => {}, 1000));
}
