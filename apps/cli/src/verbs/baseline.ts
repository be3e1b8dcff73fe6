import { join } from "node:path";
import {
  type BaselineDifference,
  type BaselineOptions,
  type BaselineSummary,
  type BaselineVerbs,
  openBaseline,
} from "@thymus/agent/baseline";
import type { Context } from "../context.ts";
import { printJson, printLine, progressReporter, visible } from "../output.ts";
import { acting, interruptSignal, numberOption, type Register, withGlobals } from "./verb.ts";

interface Options {
  readonly content?: boolean;
  readonly oneFileSystem?: boolean;
  readonly anew?: boolean;
  readonly threads?: number;
}

/** Lines of progress where standard error is no terminal come this far apart, milliseconds. */
const EVERY = 5000;

export const registerBaseline: Register = (program) => {
  const baseline = program.command("baseline").description("integrity of files, folders and links");
  const verb = (name: string, description: string) =>
    withGlobals(baseline.command(name))
      .description(description)
      .argument("[path...]", "files and folders (default: every watched one)")
      .option("--one-file-system", "leave out other file systems that are mounted below")
      .option("--threads <n>", "threads that read (default: one for each processor)", numberOption(1, 64));
  verb("create", "take everything there into self as it is now; interrupted, it goes on where it stopped")
    .option("--anew", "begin from the start where an earlier one was interrupted")
    .action(
      acting<Options>((context, options, paths) =>
        told(context, options, async (verbs, how) => {
          const made = await verbs.create(paths, { ...how, onDifference: (one) => tell(context, one) });
          if (made.differences > 0 && !context.json)
            printLine(
              `${made.differences} changed since they were recorded, before the interruption, and stay as recorded; \`thymus baseline accept\` takes them in`,
            );
          if (context.json) printJson(made);
          else
            printLine(
              `${made.programs} programs among ${made.files} files are now known (${(made.bytes / 1e6).toFixed(0)} MB read in ${made.seconds.toFixed(1)} s)`,
            );
          return 0;
        }),
      ),
    );
  verb("check", "what differs from the baseline: by metadata, and by content what was written or moved")
    .option("--content", "read the content of every file")
    .addHelpText(
      "after",
      "\nExit status: 0 nothing differs, 1 something does, 2 error, or something could not be read.",
    )
    .action(
      acting<Options>((context, options, paths) =>
        told(context, options, async (verbs, how) => {
          const found = await verbs.check(paths, { ...how, onDifference: (one) => tell(context, one) });
          summarize(context, found, "nothing differs");
          return found.differences > 0 ? 1 : found.unreadable > 0 ? 2 : 0;
        }),
      ),
    );
  verb("accept", "take what differs into the baseline")
    .option("--content", "read the content of every file")
    .action(
      acting<Options>((context, options, paths) =>
        told(context, options, async (verbs, how) => {
          const found = await verbs.accept(paths, { ...how, onDifference: (one) => tell(context, one) });
          summarize(context, found, "nothing differed");
          return 0;
        }),
      ),
    );
};

/** Runs a verb with progress; every trouble is one line on standard error. */
async function told(
  context: Context,
  options: Options,
  work: (verbs: BaselineVerbs, how: BaselineOptions) => Promise<number>,
): Promise<number> {
  const verbs = await openBaseline({ dataDir: join(context.dataDir, "agent"), config: context.config });
  const progress = progressReporter();
  const terminal = process.stderr.isTTY === true;
  let next = performance.now() + (terminal ? 0 : EVERY);
  const say = (line: string) => {
    progress.done();
    process.stderr.write(`${visible(line)}\n`);
  };
  try {
    return await work(verbs, {
      ...options,
      signal: interruptSignal(),
      onTrouble: ({ path, what, why }) => say(`${what}: ${path}: ${why}`),
      onResumed: (path, started) =>
        say(`going on with ${path}, begun ${started} (--anew begins from the start)`),
      onProgress({ files, bytes, resumed }) {
        if (performance.now() < next) return;
        next = performance.now() + (terminal ? 200 : EVERY);
        const known = resumed > 0 ? `, ${resumed} known already` : "";
        progress.say(`${files} files, ${(bytes / 1e6).toFixed(0)} MB read${known}`);
      },
    });
  } finally {
    progress.done();
    await verbs.close();
  }
}

function tell(context: Context, difference: BaselineDifference): void {
  if (context.json) {
    printJson(difference);
    return;
  }
  const { what, path, fields } = difference;
  const why = what === "changed" ? ` (${fields.join(", ")})` : "";
  printLine(`${what.padEnd(8)} ${visible(path)}${why}`);
}

function summarize(context: Context, summary: BaselineSummary, none: string): void {
  if (context.json) {
    printJson({ summary });
    return;
  }
  const { differences, files, seconds, unreadable, touched, vanished, changing } = summary;
  const notes = [
    touched > 0 ? `${touched} were written or moved and are the same` : "",
    unreadable > 0 ? `${unreadable} cannot be read` : "",
    vanished + changing > 0 ? `${vanished + changing} changed meanwhile` : "",
  ].filter(Boolean);
  printLine(
    `${differences === 0 ? none : `${differences} differ`}, of ${files} files in ${seconds.toFixed(1)} s${notes.map((note) => `; ${note}`).join("")}`,
  );
}
