import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { ThymusError } from "@thymus/contracts";
import { makeOnce } from "./make-once.ts";
import { storeError } from "./sqlite.ts";

/** SQLITE_BUSY: somebody else has the lock. */
const BUSY = 5;
/** Milliseconds between two tries. */
const PAUSE = 100;

export interface HoldOptions {
  /** What the holder is, e.g. `the agent of /var/lib/thymus`. */
  readonly what: string;
  /** Milliseconds to wait for a holder that is just ending; default 3000. */
  readonly waitMs?: number;
  /** What to do where another holds it; default: end that process, or take another data folder. */
  readonly hint?: string;
}

/**
 * Holds a lock file for this process alone. The lock is SQLite's own (an exclusive transaction on an empty database), so
 * the kernel gives it back however the process ends: a killed holder leaves nothing to clean up, and a process number
 * that is used again deceives nobody.
 * @returns the release
 * @throws ThymusError CONFLICT where another process holds it, STORE_FAILED
 */
export async function holdLock(file: string, options: HoldOptions): Promise<() => void> {
  const { what, waitMs = 3000 } = options;
  const until = performance.now() + waitMs;
  let database: DatabaseSync;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    makeOnce(file);
    database = new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw storeError(error, `cannot make the lock ${file}`);
  }
  const holder = `${file}.pid`;
  for (;;) {
    try {
      database.exec("begin exclusive");
      break;
    } catch (error) {
      if (((error as { errcode?: number }).errcode ?? 0) !== BUSY) {
        database.close();
        throw storeError(error, `cannot hold the lock ${file}`);
      }
      if (performance.now() >= until) {
        database.close();
        throw new ThymusError(
          "CONFLICT",
          `${what} runs already${describe(holder)}`,
          options.hint ?? "end that process first, or name another folder with --data",
        );
      }
      await setTimeout(PAUSE);
    }
  }
  // Only for the message above; the lock itself is what counts.
  writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 });
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    rmSync(holder, { force: true });
    database.close();
  };
}

function describe(holder: string): string {
  try {
    return ` (process ${Number(readFileSync(holder, "utf8"))})`;
  } catch {
    return "";
  }
}
