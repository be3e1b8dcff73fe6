import { closeSync, openSync } from "node:fs";

/**
 * Makes an empty database file with its mode from the start. One that is there is not even opened: closing it would give
 * back the locks that this process holds on it through SQLite (POSIX locks belong to the process, not to the handle).
 */
export function makeOnce(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
