/** The command `thymus`: reads the words of the call and hands over to one verb. */
import { THYMUS_VERSION, ThymusError } from "@thymus/contracts";
import { Command, CommanderError } from "commander";
import { reportError } from "./output.ts";
import { registersFor } from "./verbs/index.ts";

const program = new Command("thymus")
  .description(
    "A digital immune system: observe, suspect, submit, analyse, prescribe, roll out, verify, remember.",
  )
  .version(THYMUS_VERSION)
  .showHelpAfterError(false)
  .configureOutput({ writeErr: () => {} })
  .exitOverride();
for (const register of await registersFor(process.argv[2])) register(program);

// A reader that went away (`thymus ... | head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) process.exit(0);
  const json = process.argv.includes("--json");
  const error =
    thrown instanceof CommanderError
      ? new ThymusError(
          "USAGE",
          thrown.code === "commander.help" ? "no verb was given" : thrown.message.replace(/^error: /, ""),
          "see: thymus --help",
        )
      : thrown;
  process.exitCode = reportError(error, json);
}
