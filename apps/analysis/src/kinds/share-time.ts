import type { PlannedCommand } from "../chamber/chamber.ts";

/** Seconds that a command may take while others wait for their turn: an emulated interpreter needs one or two to start. */
const TURN = 8;
/** An installer, after which nothing works without it, may take what time there is. */
const installs = (command: PlannedCommand) =>
  command.words.some((word) => /\b(npm|pip) install\b/.test(word));

/**
 * So that a program which never ends does not keep the others from their turn: all but the last and installers get a
 * limit, after which the program itself is ended, but nothing that it started.
 */
export function shareTime(commands: readonly PlannedCommand[]): PlannedCommand[] {
  return commands.map((command, index) => {
    if (index === commands.length - 1 || installs(command)) return command;
    return {
      ...command,
      words: ["/usr/bin/timeout", "--foreground", "--kill-after=1", String(TURN), ...command.words],
    };
  });
}
