import { join } from "node:path";
import { openQuarantine, type QuarantineVerbs } from "@thymus/agent";
import type { QuarantineEntry } from "@thymus/contracts";
import type { Context } from "../context.ts";
import { printJson, printLine, printTable, visible } from "../output.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

async function using(context: Context, run: (verbs: QuarantineVerbs) => Promise<number>): Promise<number> {
  const verbs = await openQuarantine({ dataDir: join(context.dataDir, "agent"), config: context.config });
  try {
    return await run(verbs);
  } finally {
    await verbs.close();
  }
}

function tell(context: Context, entry: QuarantineEntry): number {
  if (context.json) printJson(entry);
  else {
    printLine(`${entry.id}  ${entry.state}  ${visible(entry.file.path)}`);
    printLine(`  taken ${entry.at}: ${entry.why}`);
    printLine(
      `  sha256 ${entry.sha256}, ${entry.file.size} bytes, mode ${entry.file.mode.toString(8)}, owner ${entry.file.uid}:${entry.file.gid}`,
    );
    if (entry.prescription)
      printLine(`  prescription ${entry.prescription}${entry.case ? `, case ${entry.case}` : ""}`);
  }
  return 0;
}

export const registerQuarantine: Register = (program) => {
  const quarantine = program
    .command("quarantine")
    .description("infected originals, sealed; each can be brought back");
  withGlobals(quarantine.command("list"))
    .description("list entries, newest first")
    .action(
      acting((context) =>
        using(context, async (verbs) => {
          const entries = await verbs.list();
          const { used, most, entries: kept } = await verbs.usage();
          if (context.json) printJson(entries);
          else if (entries.length === 0) printLine("the quarantine is empty");
          else
            printTable(
              ["ENTRY", "STATE", "TAKEN", "FILE", "WHY"],
              entries.map(({ id, state, at, file, why }) => [id, state, at, file.path, why]),
            );
          if (!context.json && kept > 0)
            printLine(`${kept} kept, ${used} of ${most} bytes (equal contents count once)`);
          return 0;
        }),
      ),
    );
  withGlobals(quarantine.command("show"))
    .description("one entry")
    .argument("<id>")
    .action(
      acting((context, _options, [id]) =>
        using(context, async (verbs) => tell(context, await verbs.show(id!))),
      ),
    );
  withGlobals(quarantine.command("restore"))
    .description("bring the original back: content, owner, mode, times, extended attributes, links")
    .argument("<id>")
    .option("--force", "even where another file lies there now")
    .action(
      acting<{ force?: boolean }>((context, options, [id]) =>
        using(context, async (verbs) =>
          tell(context, await verbs.restore(id!, { force: options.force === true })),
        ),
      ),
    );
  withGlobals(quarantine.command("approve"))
    .description("let a prescription take more files of this machine than agent.brakeFiles")
    .argument("<prescription>")
    .action(
      acting((context, _options, [id]) =>
        using(context, async (verbs) => {
          await verbs.approve(id!);
          if (context.json) printJson({ approved: id });
          else printLine(`${id} goes on; a running agent takes it up within seconds`);
          return 0;
        }),
      ),
    );
  withGlobals(quarantine.command("delete"))
    .description("end an entry for good; it cannot be brought back")
    .argument("<id>")
    .action(
      acting((context, _options, [id]) =>
        using(context, async (verbs) => tell(context, await verbs.delete(id!))),
      ),
    );
};
