import { buildCorpus, openCorpus } from "@thymus/analysis";
import { goodwareSources } from "../context.ts";
import { bar, printJson, printLine, progressReporter } from "../output.ts";
import { acting, interruptSignal, numberOption, type Register, withGlobals } from "./verb.ts";

export const registerCorpus: Register = (program) => {
  const corpus = program.command("corpus").description("self: the goodware that no rule may hit");
  withGlobals(corpus.command("build"))
    .description(
      "learn self from folders (default: this machine's package files); goes on where it was interrupted",
    )
    .argument("[path...]", "folders of goodware")
    .option("--max-bytes <bytes>", "bytes of goodware to hold", numberOption(1, Number.MAX_SAFE_INTEGER))
    .action(
      acting<{ maxBytes?: number }>(async (context, options, paths) => {
        const progress = progressReporter();
        const manifest = await buildCorpus({
          dir: context.corpusDir,
          sources: goodwareSources(context.config, paths),
          maxBytes: options.maxBytes ?? context.config.analysis.maxGoodwareBytes,
          onProgress: (step: string, done: number, total: number) =>
            progress.say(total > 0 ? bar(done / total, step) : step),
          signal: interruptSignal(),
        });
        progress.done();
        if (context.json) printJson(manifest);
        else
          printLine(
            `self: ${manifest.files} files, ${(manifest.bytes / 1e6).toFixed(0)} MB, ${manifest.digest.slice(0, 23)}, in ${context.corpusDir}`,
          );
        return 0;
      }),
    );
  withGlobals(corpus.command("info"))
    .description("what self is made of")
    .action(
      acting(async (context) => {
        const { manifest } = await openCorpus(context.corpusDir);
        if (context.json) printJson(manifest);
        else {
          printLine(`files    ${manifest.files}`);
          printLine(`bytes    ${manifest.bytes}`);
          printLine(`digest   ${manifest.digest}`);
          printLine(`made     ${manifest.made}`);
          printLine(`sources  ${manifest.sources.join(", ")}`);
          printLine(`model    order ${manifest.model.order}, from ${manifest.model.bytes} bytes`);
        }
        return 0;
      }),
    );
};
