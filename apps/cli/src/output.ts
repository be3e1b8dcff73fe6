/** Standard output is for results, standard error for everything else. */
import { asThymusError, errorTable, type Logger, ThymusError } from "@thymus/contracts";

export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
export const printLine = (text: string): void => void process.stdout.write(`${text}\n`);

/** Prints rows under a heading, columns as wide as their content. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  for (const row of [heading, ...rows])
    printLine(
      row
        .map((cell, column) => visible(cell).padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
}

/** Control characters of foreign names must not reach a terminal. */
export const visible = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd");

/** A logger on standard error: one line of text, or one line of JSON. */
export function stderrLogger(part: string, json: boolean): Logger {
  const write = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const at = new Date().toISOString();
    const extra = Object.entries(fields).map(
      ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    process.stderr.write(
      json
        ? `${JSON.stringify({ at, level, part, message, ...fields })}\n`
        : `${at.slice(11, 19)} ${part}${level === "info" ? "" : ` ${level}`}: ${visible(message + extra.join(""))}\n`,
    );
  };
  return {
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warning", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

/** Progress on standard error: a line that is drawn over on a terminal, else one line a change. */
export function progressReporter(): { say(what: string): void; done(): void } {
  const terminal = process.stderr.isTTY === true;
  let last = "";
  return {
    say(what) {
      if (what === last) return;
      last = what;
      process.stderr.write(
        terminal
          ? `\r\u001b[2K${visible(what).slice(0, (process.stderr.columns ?? 80) - 1)}`
          : `${visible(what)}\n`,
      );
    },
    done() {
      if (terminal && last) process.stderr.write("\r\u001b[2K");
      last = "";
    },
  };
}

/** A bar for work of known size, e.g. `[#####     ]  52 % hashing`. */
export function bar(share: number, what: string): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * 24);
  return `[${"#".repeat(filled)}${" ".repeat(24 - filled)}] ${String(Math.round(share * 100)).padStart(3)} % ${what}`;
}

/** What an error of the operating system about a file means to a person; null for anything else. */
function ofSystem(thrown: unknown): ThymusError | null {
  const { code, path, message } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof ThymusError || typeof code !== "string" || typeof path !== "string") return null;
  const what = `${path}: ${message.split(",")[0]}`;
  const options = { cause: thrown };
  if (code === "ENOSPC" || code === "EDQUOT")
    return new ThymusError("STORE_FAILED", what, "free some space on the disk", options);
  if (code === "ENOENT") return new ThymusError("NOT_FOUND", what, "check the path", options);
  if (/^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|EEXIST|ELOOP|ENAMETOOLONG)$/.test(code))
    return new ThymusError(
      "UNREADABLE",
      what,
      "check the path, and that this user may read and write there",
      options,
    );
  return null;
}

/** Prints an error as interface.md says and returns the exit status. */
export function reportError(thrown: unknown, json: boolean): number {
  const error = ofSystem(thrown) ?? asThymusError(thrown);
  if (json) printJson(error.toJSON());
  else process.stderr.write(`${visible(error.toLine())}\n`);
  if (error.code === "INTERNAL" && process.env.THYMUS_DEBUG)
    process.stderr.write(`${(thrown as Error).stack}\n`);
  return errorTable[error.code].exit;
}
