import type { RuleEvaluation, RuleJudgement, RuleProblem, RuleSample } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import type { Corpus } from "../../self/index.ts";
import { upperBound } from "../judge/bound.ts";
import { judgeString } from "../judge/string.ts";
import type { Rule } from "../syntax/ast.ts";
import { printValue } from "../syntax/print.ts";
import { compileFile } from "./compile.ts";
import { Hits } from "./hits.ts";
import { loadRuleFile } from "./load.ts";
import { scanSamples } from "./samples.ts";

/** Paths that are told of a rule's hits. */
const TOLD = 20;
/** One string in one file counts once; the namespace cannot be a file's. */
const PROBES = "strings";

export interface EvaluateOptions {
  readonly files: readonly string[];
  readonly corpus: Pick<Corpus, "manifest" | "logProbability" | "scan">;
  /** Files and folders of samples that the rules are meant to find. */
  readonly samples?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Judges rules against self: every file of self, and every sample, is scanned with every rule and every string.
 * @throws ThymusError where a file cannot be read, or a rule cannot be applied to a file of self in time
 */
export async function evaluateRules({
  files,
  corpus,
  samples,
  signal,
}: EvaluateOptions): Promise<RuleEvaluation> {
  const began = performance.now();
  const engine = await loadEngine();
  const compiled = files.map((path, index) => ({
    path,
    namespace: `file${index}`,
    ...compileFile(engine, loadRuleFile(path).text),
  }));
  const probes = new Map<string, string>();
  for (const { regions } of compiled)
    for (const { rule } of regions)
      for (const { value } of probed(rule)) if (!probes.has(value)) probes.set(value, `s${probes.size}`);
  const sources = compiled.map(({ namespace, text }) => ({ namespace, source: text }));
  const probeText = [...probes].map(
    ([value, name]) => `rule ${name} { strings: $a = ${value} condition: $a }`,
  );
  const all = [...sources, { namespace: PROBES, source: probeText.join("\n") }];
  const stop = signal ?? new AbortController().signal;
  const found = samples ? await scanSamples(samples, all, stop) : null;
  const scanned = await corpus.scan(all, { signal: stop });
  const self = new Hits(scanned.hits);
  const inSamples = new Hits(found?.hits ?? []);
  const rules = compiled.flatMap(({ path, namespace, regions }) =>
    regions.map(({ name, place, rule, fault }): RuleJudgement => {
      const hit = self.of(namespace, name);
      const strings = probed(rule).map(({ pattern, value }) =>
        judgeString(pattern, {
          logProbability: (bytes) => corpus.logProbability(bytes),
          selfFiles: scanned.files,
          files: self.of(PROBES, probes.get(value)!).size,
        }),
      );
      const problems: RuleProblem[] = [];
      if (fault)
        problems.push({
          severity: "note",
          message: `its strings are not judged: ${fault.message}`,
          ...fault.place,
        });
      if (hit.size > 0)
        problems.push({ severity: "bad", message: `hits ${hit.size} files of self`, ...place });
      if (strings.length > 0 && strings.every(({ verdict }) => verdict === "weak" || verdict === "common"))
        problems.push({ severity: "weak", message: "rests on weak strings only", ...place });
      return {
        file: path,
        rule: name,
        line: place.line,
        verdict:
          hit.size > 0 ? "bad" : problems.some(({ severity }) => severity === "weak") ? "weak" : "fine",
        problems,
        hits: { files: hit.size, paths: [...hit].slice(0, TOLD) },
        falsePositives: {
          perMillion: scanned.files > 0 ? (hit.size / scanned.files) * 1e6 : 0,
          upperPerMillion: upperBound(hit.size, scanned.files) * 1e6,
        },
        strings,
        ...(found
          ? { samples: samplesOf(found.paths, inSamples, namespace, name, probed(rule), probes) }
          : {}),
      };
    }),
  );
  return {
    version: 1,
    self: { digest: corpus.manifest.digest, files: scanned.files, bytes: scanned.bytes },
    ...(found ? { samples: { files: found.paths.length, bytes: found.bytes } } : {}),
    files: compiled.map(({ path, regions, problems }) => ({
      path,
      rules: regions.length,
      problems: [...problems],
    })),
    rules,
    seconds: (performance.now() - began) / 1000,
  };
}

/** The patterns of a rule with the text under which each is searched alone; `private` would hide it. */
function probed(rule: Rule | null) {
  return (rule?.patterns ?? []).map((pattern) => ({
    pattern,
    value: [printValue(pattern), ...pattern.modifiers.filter((each) => each !== "private")].join(" "),
  }));
}

/** Samples that the rule finds, or that hold some of its strings. */
function samplesOf(
  paths: readonly string[],
  hits: Hits,
  namespace: string,
  name: string,
  strings: ReturnType<typeof probed>,
  probes: ReadonlyMap<string, string>,
): RuleSample[] {
  const rule = hits.of(namespace, name);
  const held = strings.map(({ pattern, value }) => ({
    id: pattern.id,
    in: hits.of(PROBES, probes.get(value)!),
  }));
  return paths
    .map((path) => ({
      path,
      found: rule.has(path),
      strings: held.filter((each) => each.in.has(path)).map(({ id }) => id),
    }))
    .filter(({ found, strings }) => found || strings.length > 0);
}
