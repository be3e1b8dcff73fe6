import { join } from "node:path";
import { openProcesses, type ProcessVerbs, type StoppedTree } from "@thymus/agent";
import type { Context } from "../context.ts";
import { printJson, printLine, printTable, visible } from "../output.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

async function using(context: Context, run: (verbs: ProcessVerbs) => Promise<number>): Promise<number> {
  const verbs = await openProcesses({ dataDir: join(context.dataDir, "agent") });
  try {
    return await run(verbs);
  } finally {
    await verbs.close();
  }
}

function tell(context: Context, tree: StoppedTree): number {
  if (context.json) {
    printJson(tree);
    return 0;
  }
  printLine(`${tree.id}  ${tree.state}  ${visible(tree.program)}`);
  printLine(`  stopped ${tree.at}: ${visible(tree.why)}`);
  for (const { pid, exe, cmdline, cgroup } of tree.processes)
    printLine(
      `  process ${pid}  ${visible(exe ?? "?")}  ${visible(cmdline.join(" "))}${cgroup ? `  (${visible(cgroup)})` : ""}`,
    );
  for (const { path, result, why } of tree.files)
    printLine(`  ${result}  ${visible(path)}${why ? `  (${visible(why)})` : ""}`);
  return 0;
}

export const registerProcesses: Register = (program) => {
  const processes = program
    .command("processes")
    .description("process trees that the agent stopped; a suspended one goes on or ends by these");
  withGlobals(processes.command("list"))
    .description("list them, newest first")
    .action(
      acting((context) =>
        using(context, async (verbs) => {
          const trees = await verbs.list();
          if (context.json) printJson(trees);
          else if (trees.length === 0) printLine("no process was stopped");
          else
            printTable(
              ["TREE", "STATE", "STOPPED", "PROGRAM", "PROCESSES", "FILES"],
              trees.map((tree) => [
                ...[tree.id, tree.state, tree.at, tree.program],
                ...[String(tree.processes.length), String(tree.files.length)],
              ]),
            );
          return 0;
        }),
      ),
    );
  const one = (name: "show" | "resume" | "end", about: string) =>
    withGlobals(processes.command(name))
      .description(about)
      .argument("<id>")
      .action(
        acting((context, _options, [id]) =>
          using(context, async (verbs) => tell(context, await verbs[name](id!))),
        ),
      );
  one("show", "why it was stopped, its processes, what it had changed and what became of that");
  one("resume", "let a suspended tree go on; its processes are never stopped again");
  one("end", "end a suspended tree");
};
