/** How a verb is registered: one file, one line in index.ts. */
import { ThymusError } from "@thymus/contracts";
import { type Command, InvalidArgumentError } from "commander";
import { type Context, type GlobalOptions, makeContext } from "../context.ts";

export type Register = (program: Command) => void;

/** Adds the options that every verb has. */
export function withGlobals(command: Command): Command {
  return command
    .option("--data <dir>", "data folder (default: /var/lib/thymus as root, else the XDG data folder)")
    .option("--config <file>", "configuration (TOML)")
    .option("--json", "print JSON on standard output")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

/** Runs `action` with the context; what it returns is the exit status. */
export function acting<O extends object = object>(
  action: (context: Context, options: O, args: string[]) => Promise<number>,
): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const options = command.optsWithGlobals<O & GlobalOptions>();
    process.exitCode = await action(makeContext(options), options, command.args);
  };
}

/** Refuses a verb where it cannot work; as `.hook("preAction", linuxOnly)`. @throws ThymusError RUNTIME_MISSING */
export function linuxOnly(_asked: Command, command: Command): void {
  if (process.platform === "linux") return;
  throw new ThymusError(
    "RUNTIME_MISSING",
    `thymus ${command.name()} is Linux only; this is ${process.platform}`,
    "docs/guide/other-systems.md tells what runs where",
  );
}

/** Seconds that a process has to end well once the one that keeps it is gone. */
const ORPHAN_SECONDS = 8;

/**
 * An AbortSignal that the first SIGINT or SIGTERM fires; the second ends at once. Where this process was started with a
 * channel (`thymus up`, the wrapper in bin/), the end of the process at its other side fires it as well.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  if (process.channel) {
    process.once("disconnect", () => {
      controller.abort();
      setTimeout(() => process.exit(2), ORPHAN_SECONDS * 1000).unref();
    });
    process.channel.unref();
  }
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Reads an option that is a number from `least` to `most`. */
export function numberOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== "" && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`give a number from ${least} to ${most}`);
  };
}
