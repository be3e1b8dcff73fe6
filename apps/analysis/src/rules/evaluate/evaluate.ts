import { type RuleBetter, type RuleEvaluation, ThymusError } from "@thymus/contracts";
import type { RuleSource } from "@thymus/detection";
import type { Corpus } from "../../self/index.ts";
import { type Candidate, none, tryBetter } from "../better/better.ts";
import { proposals } from "../better/propose.ts";
import { prepareGuarded } from "./guard.ts";
import { Hits } from "./hits.ts";
import { type Found, holders, judgeRule } from "./judge.ts";
import { compareYara4, costs, type Judged } from "./look.ts";
import type { Prepared } from "./prepare.ts";
import { scanSamples } from "./samples.ts";

const COMPILE_SECONDS = 120;
const SECONDS = 3600;

export interface EvaluateOptions {
  readonly files: readonly string[];
  readonly corpus: Pick<Corpus, "manifest" | "files" | "logProbability" | "scan">;
  /** Files and folders of samples that the rules are meant to find. */
  readonly samples?: readonly string[];
  /** Without the cost of scanning and without YARA 4. */
  readonly quick?: boolean;
  readonly signal?: AbortSignal;
  /** Limit of taking the rules apart and compiling them once; 120 unless told. */
  readonly compileSeconds?: number;
  /** Limit of everything; 3600 unless told. */
  readonly seconds?: number;
}

/**
 * Judges rules against self: every file of self, and every sample, is scanned with every rule and every string. Where
 * samples are given, a rule that hits self is made stricter if that keeps what it finds of them.
 * @throws ThymusError where a file cannot be read, or a rule cannot be compiled or applied in time (TOOL_FAILED)
 */
export async function evaluateRules(options: EvaluateOptions): Promise<RuleEvaluation> {
  const seconds = options.seconds ?? SECONDS;
  const late = AbortSignal.timeout(seconds * 1000);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  try {
    return await evaluate(options, signal);
  } catch (thrown) {
    if (!late.aborted || options.signal?.aborted) throw thrown;
    throw new ThymusError(
      "TOOL_FAILED",
      `judging the rules took more than ${seconds} seconds`,
      "judge fewer rules at once, or raise the limit",
      { cause: thrown },
    );
  }
}

async function evaluate(options: EvaluateOptions, signal: AbortSignal): Promise<RuleEvaluation> {
  const began = performance.now();
  const { files, corpus, samples } = options;
  const compileSeconds = options.compileSeconds ?? COMPILE_SECONDS;
  const prepared = await prepareGuarded({ files }, compileSeconds, signal);
  const { compiled, probes, sources } = prepared;
  const scanned = samples ? await scanSamples(samples, sources, signal) : null;
  const all = await corpus.scan(sources, { signal });
  const found: Found = {
    corpus,
    selfFiles: all.files,
    self: new Hits(all.hits),
    samples: scanned ? { paths: scanned.paths, hits: new Hits(scanned.hits) } : null,
    probes,
  };
  const judged = compiled.flatMap((file, at) =>
    file.regions.map((region) => ({
      namespace: file.namespace,
      region,
      judgement: judgeRule(files[at]!, file, region, found),
    })),
  );
  const looked = { prepared, judged, found, corpus };
  const cost = await costs(looked, signal, options.quick);
  const yara4 = await compareYara4(looked, signal, options.quick);
  const better = await betterRules(judged, prepared, found, {
    async compile(texts) {
      const again = await prepareGuarded({ sources: texts }, compileSeconds, signal);
      return again.compiled.map(({ text, regions }) => ({
        text,
        rules: new Set(regions.map(({ name }) => name)),
      }));
    },
    self: async (texts) => new Hits((await corpus.scan(texts, { signal })).hits),
    samples: async (texts) => new Hits((await scanSamples(samples ?? [], texts, signal)).hits),
  });
  return {
    version: 1,
    self: { digest: corpus.manifest.digest, files: all.files, bytes: all.bytes },
    ...(scanned ? { samples: { files: scanned.paths.length, bytes: scanned.bytes } } : {}),
    files: compiled.map(({ regions, problems }, at) => ({
      path: files[at]!,
      rules: regions.length,
      problems: [...problems],
    })),
    rules: judged.map(({ judgement }, at) => ({
      ...judgement,
      cost: cost.rules[at]!,
      yara4: yara4.rules[at]!,
      better: better[at]!,
    })),
    yara4: yara4.all,
    cost: cost.all,
    seconds: (performance.now() - began) / 1000,
  };
}

async function betterRules(
  judged: readonly Judged[],
  { compiled }: Prepared,
  { self, samples, probes }: Found,
  trial: Parameters<typeof tryBetter>[2],
): Promise<RuleBetter[]> {
  if (!samples)
    return judged.map(({ judgement }) =>
      none(
        judgement.hits.files === 0
          ? "it hits nothing in self"
          : "no samples were given: what a stricter rule would lose is not known",
      ),
    );
  const candidates = judged.map(({ namespace, region, judgement }): Candidate => {
    const hits = self.of(namespace, region.name);
    const found = samples.hits.of(namespace, region.name);
    const known = {
      judged: judgement.strings,
      self: holders(self, region, probes),
      samples: holders(samples.hits, region, probes),
      hits,
      found,
    };
    const tried = region.rule ? proposals(region.rule, known) : "it could not be taken apart";
    return { namespace, proposals: tried, hits, found };
  });
  const texts: RuleSource[] = compiled.map(({ namespace, text }) => ({ namespace, source: text }));
  return tryBetter(candidates, texts, trial);
}
