import { join, resolve } from "node:path";
import { type Finding, ThymusError } from "@thymus/contracts";
import {
  bundleOf,
  createBundle,
  missingLayers,
  type RuleBundle,
  scanLimits,
  scanPaths,
} from "@thymus/detection";
import type { Context } from "../context.ts";
import { printJson, printLine, progressReporter, visible } from "../output.ts";
import { loadRules } from "../rules.ts";
import { acting, interruptSignal, type Register, withGlobals } from "./verb.ts";

interface ScanOptions {
  readonly rules: string[];
  readonly archives: boolean;
  readonly cache: boolean;
  readonly resume?: boolean;
  readonly idle?: boolean;
  readonly containers?: boolean;
}

export const registerScan: Register = (program) => {
  withGlobals(program.command("scan"))
    .description("find infected files with the active prescriptions and added rule sets, or with given rules")
    .argument("[path...]", "files and folders")
    .option(
      "--rules <path>",
      "prescription, .yar file, or a folder of them; may be given several times",
      (path: string, all: string[]) => [...all, path],
      [] as string[],
    )
    .option("--no-archives", "do not look into archives")
    .option("--no-cache", "read files again that were clean by the same rules and did not change")
    .option("--resume", "go on with a scan of the same paths that was interrupted")
    .option("--idle", "wait behind everything else that the machine does")
    .option("--containers", "the layers of this machine's containers, running or stored, each once")
    .addHelpText("after", "\nExit status: 0 clean, 1 something was found, 2 error.")
    .action(
      acting<ScanOptions>(async (context, options, paths) => {
        const warn = (what: string) => process.stderr.write(`${visible(`warning: ${what}`)}\n`);
        const bundle = await bundleFor(context, options.rules, warn);
        const containers = options.containers ? await findContainers() : null;
        if (paths.length === 0 && !containers)
          throw new ThymusError("USAGE", "nothing to scan", "name files and folders, or --containers");
        const all = [
          ...paths,
          ...(containers?.paths ?? []).filter((layer) => !paths.some((path) => within(layer, path))),
        ];
        const progress = progressReporter();
        let told = false;
        const folder = join(context.dataDir, "scans");
        const summary = await scanPaths({
          paths: all,
          bundle,
          archives: options.archives && context.config.agent.scan.archives ? scanLimits : null,
          idle: options.idle ?? false,
          cacheDir: join(folder, "compiled"),
          ...(options.cache && { remember: { folder, resume: options.resume ?? false } }),
          signal: interruptSignal(),
          onFinding(found) {
            const inside = containers?.placesOf(found.path) ?? [];
            const finding = inside.length > 0 ? { ...found, containers: inside } : found;
            progress.done();
            if (context.json) printJson(finding);
            else printLine(`${visible(shown(finding))}: ${finding.family ?? finding.rule}`);
            if (!context.json)
              for (const { runtime, id, path } of inside) printLine(visible(`  ${path} in ${runtime} ${id}`));
          },
          onLayers(layers) {
            const missing = missingLayers(layers);
            if (missing.length === 0 || told) return;
            told = true;
            progress.done();
            warn(`the process that reads the files is not wholly confined: ${missing.join("; ")}`);
          },
          onError(path, error) {
            progress.done();
            process.stderr.write(`${visible(`${path}: ${error.code}: ${error.message}`)}\n`);
          },
          onProgress: ({ files, bytes, unchanged }) =>
            progress.say(
              `scanned ${files} files, ${(bytes / 1e6).toFixed(0)} MB${unchanged > 0 ? `, ${unchanged} unchanged` : ""}`,
            ),
        });
        progress.done();
        if (context.json) printJson({ summary });
        else
          printLine(
            `${summary.infected} of ${summary.files} files infected, ${summary.errors} errors, ${(summary.bytes / 1e6).toFixed(1)} MB in ${summary.seconds.toFixed(1)} s${summary.unchanged ? `, ${summary.unchanged} files unchanged` : ""}`,
          );
        return summary.infected > 0 ? 1 : summary.errors > 0 && summary.files === 0 ? 2 : 0;
      }),
    );
};

const within = (layer: string, path: string) =>
  `${layer}/`.startsWith(`${resolve(path).replace(/\/$/, "")}/`);

async function findContainers() {
  if (process.platform !== "linux")
    throw new ThymusError("TOOL_MISSING", "containers are found on Linux only", "name their folders");
  const { Containers } = await import("@thymus/agent");
  return Containers.find();
}

const shown = ({ path, member }: Finding) => (member === undefined ? path : `${path}!${member}`);

/** The given rules, or the active prescriptions together with the rule sets that the configuration adds. */
async function bundleFor(
  { config, dataDir }: Context,
  given: readonly string[],
  warn: (what: string) => void,
): Promise<RuleBundle> {
  if (given.length > 0) return loadRules(given, warn);
  const { activePrescriptions } = await import("@thymus/agent");
  const active = createBundle(await activePrescriptions(join(dataDir, "agent")));
  const added = config.agent.scan.rules;
  const rules = added.length === 0 ? [] : (await loadRules(added, warn)).rules;
  if (active.rules.length + rules.length === 0)
    throw new ThymusError(
      "NOT_FOUND",
      "no prescription is active on this machine",
      "name rules with --rules, or in the configuration (agent.scan.rules)",
    );
  return rules.length === 0 ? active : bundleOf([...active.rules, ...rules]);
}
