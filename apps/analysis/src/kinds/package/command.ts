import type { PlannedCommand } from "../../chamber/chamber.ts";

/** Where the files of a plan lie in the guest. */
export { guestUser } from "../../chamber/layout.ts";

const env = "/usr/bin/env";

/** A command in a folder of the guest, with variables. env(1) hands over to the program: no process stays between. */
export function commandIn(
  folder: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): PlannedCommand {
  return { words: [env, `--chdir=${folder}`, ...words], env: variables };
}

/**
 * Words for a command of `sh` that ends as another program. What conditions put behind the words stays unused: it is meant
 * for the sample, not for what installs it.
 */
export const shellWords = (script: string, ...args: string[]): string[] => [
  "/bin/sh",
  "-c",
  script,
  ...(args.length > 0 ? args : ["sh"]),
];
