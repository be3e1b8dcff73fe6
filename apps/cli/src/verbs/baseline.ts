import { join } from "node:path";
import { type BaselineDifference, openBaseline } from "@thymus/agent";
import type { Context } from "../context.ts";
import { printJson, printLine, visible } from "../output.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

const open = (context: Context) =>
  openBaseline({ dataDir: join(context.dataDir, "agent"), config: context.config });

function tell(context: Context, found: readonly BaselineDifference[], none: string): void {
  if (context.json) printJson(found);
  else if (found.length === 0) printLine(none);
  else for (const { what, path } of found) printLine(`${what.padEnd(8)} ${visible(path)}`);
}

export const registerBaseline: Register = (program) => {
  const baseline = program.command("baseline").description("integrity of the programs in watched folders");
  withGlobals(baseline.command("create"))
    .description("take everything there into self as it is now")
    .argument("[path...]", "files and folders (default: every watched one)")
    .action(
      acting(async (context, _options, paths) => {
        const verbs = await open(context);
        try {
          const made = await verbs.create(paths);
          if (context.json) printJson(made);
          else printLine(`${made.programs} programs among ${made.files} files are now known`);
          return 0;
        } finally {
          await verbs.close();
        }
      }),
    );
  withGlobals(baseline.command("check"))
    .description("what differs from the baseline, by content")
    .argument("[path...]", "files and folders (default: every watched one)")
    .addHelpText("after", "\nExit status: 0 nothing differs, 1 something does, 2 error.")
    .action(
      acting(async (context, _options, paths) => {
        const verbs = await open(context);
        try {
          const found = await verbs.check(paths);
          tell(context, found, "nothing differs");
          return found.length > 0 ? 1 : 0;
        } finally {
          await verbs.close();
        }
      }),
    );
  withGlobals(baseline.command("accept"))
    .description("take what differs into the baseline")
    .argument("[path...]", "files and folders (default: every watched one)")
    .action(
      acting(async (context, _options, paths) => {
        const verbs = await open(context);
        try {
          tell(context, await verbs.accept(paths), "nothing differed");
          return 0;
        } finally {
          await verbs.close();
        }
      }),
    );
};
