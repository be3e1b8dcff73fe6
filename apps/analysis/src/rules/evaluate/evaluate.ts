import type { RuleEvaluation, RuleJudgement, RuleProblem } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import type { Corpus } from "../../self/index.ts";
import { upperBound } from "../judge/bound.ts";
import { judgeString } from "../judge/string.ts";
import type { Rule } from "../syntax/ast.ts";
import { printValue } from "../syntax/print.ts";
import { compileFile } from "./compile.ts";
import { loadRuleFile } from "./load.ts";

/** Paths that are told of a rule's hits. */
const TOLD = 20;
/** One string in one file counts once; the namespace cannot be a file's. */
const PROBES = "strings";

export interface EvaluateOptions {
  readonly files: readonly string[];
  readonly corpus: Pick<Corpus, "manifest" | "logProbability" | "scan">;
  readonly signal?: AbortSignal;
}

/**
 * Judges rules against self: every file of self is scanned with every rule and every string.
 * @throws ThymusError where a file cannot be read, or a rule cannot be applied to a file of self in time
 */
export async function evaluateRules({ files, corpus, signal }: EvaluateOptions): Promise<RuleEvaluation> {
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
  const scanned = await corpus.scan(
    [...sources, { namespace: PROBES, source: probeText.join("\n") }],
    signal ? { signal } : {},
  );
  const paths = new Map<string, Set<string>>();
  for (const { namespace, rule, path } of scanned.hits) {
    const key = `${namespace}/${rule}`;
    const set = paths.get(key) ?? new Set();
    paths.set(key, set.add(path));
  }
  const rules = compiled.flatMap(({ path, namespace, regions }) =>
    regions.map(({ name, place, rule, fault }): RuleJudgement => {
      const hit = paths.get(`${namespace}/${name}`) ?? new Set<string>();
      const strings = probed(rule).map(({ pattern, value }) =>
        judgeString(pattern, {
          logProbability: (bytes) => corpus.logProbability(bytes),
          selfFiles: scanned.files,
          files: paths.get(`${PROBES}/${probes.get(value)}`)?.size ?? 0,
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
      };
    }),
  );
  return {
    version: 1,
    self: { digest: corpus.manifest.digest, files: scanned.files, bytes: scanned.bytes },
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
