import { buildCorpus, exportCorpus, importCorpus, importList, openCorpus } from "@thymus/analysis";
import { goodwareSources } from "../goodware.ts";
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
  withGlobals(corpus.command("export"))
    .description("self as one file for other machines: statistics, index and hashes, no content and no paths")
    .argument("<file>", "file to write")
    .action(
      acting(async (context, _options, [file]) => {
        const made = await exportCorpus(context.corpusDir, file!);
        if (context.json) printJson(made);
        else printLine(`self of ${made.files} files, ${made.digest.slice(0, 23)}, is in ${file}`);
        return 0;
      }),
    );
  withGlobals(corpus.command("import"))
    .description(
      "add the self of other machines, or with --list what is known to be good: digests (one a line, or a table with a column SHA-256, SHA-1 or MD5), a MISP warninglist",
    )
    .argument("<file...>", "files that `thymus corpus export` made, or lists")
    .option("--list", "the files are lists")
    .action(
      acting<{ list?: boolean }>(async (context, options, files) => {
        const added = [];
        for (const file of files) {
          if (options.list) {
            const list = await importList(context.corpusDir, file);
            added.push(list);
            if (!context.json)
              printLine(
                `list ${list.name}: ${list.hashes} digests, ${list.texts} texts that no rule may rest on`,
              );
          } else {
            const self = await importCorpus(context.corpusDir, file);
            added.push(self);
            if (!context.json)
              printLine(
                `self of another machine: ${self.files} files, ${self.digest.slice(0, 23)}; they are known, but not here to be scanned`,
              );
          }
        }
        if (context.json) printJson(added);
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
          printLine(
            manifest.index
              ? `index    ${8 * 2 ** manifest.index.bits} bytes, with ${manifest.index.staleBytes} bytes of files that are gone`
              : "index    none: run thymus corpus build",
          );
          for (const { files, bytes, digest } of manifest.imported?.from ?? [])
            printLine(
              `imported ${files} files, ${bytes} bytes, ${digest}: known, but not here to be scanned`,
            );
          for (const { name, hashes, texts } of manifest.lists ?? [])
            printLine(`list     ${name}: ${hashes} digests, ${texts} texts`);
        }
        return 0;
      }),
    );
};
