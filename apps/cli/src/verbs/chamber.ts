import { buildChamber } from "@thymus/analysis";
import { bar, printJson, printLine, progressReporter } from "../output.ts";
import { acting, interruptSignal, linuxOnly, type Register, withGlobals } from "./verb.ts";

export const registerChamber: Register = (program) => {
  const chamber = program
    .command("chamber")
    .hook("preAction", linuxOnly)
    .description("the safe environment in which suspect programs run");
  withGlobals(chamber.command("build"))
    .description("make kernel, root file system and snapshot from the distribution's packages, once")
    .action(
      acting(async (context) => {
        const progress = progressReporter();
        const info = await buildChamber({
          dataDir: context.chamberDir,
          onProgress: (step, done, total) => progress.say(total > 0 ? bar(done / total, step) : step),
          signal: interruptSignal(),
        });
        progress.done();
        if (context.json) printJson(info);
        else
          printLine(
            `chamber ready: ${info.kind}, image ${info.image.slice(0, 16)}, in ${context.chamberDir}`,
          );
        return 0;
      }),
    );
};
