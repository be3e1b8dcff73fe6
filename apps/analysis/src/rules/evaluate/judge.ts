/** What is said of one rule after everything was searched. */
import type { RuleJudgement, RuleProblem, RuleSample } from "@thymus/contracts";
import type { Corpus } from "../../self/index.ts";
import { dialectDifferences } from "../dialect/dialect.ts";
import { upperBound } from "../judge/bound.ts";
import { restsOnShape, unusedPatterns } from "../judge/shape.ts";
import { slowCondition } from "../judge/slow.ts";
import { judgeString } from "../judge/string.ts";
import type { RuleRegion } from "../syntax/ast.ts";
import type { Hits } from "./hits.ts";
import { PROBES, type Prepared, probed } from "./prepare.ts";

/** Paths that are told of a rule's hits. */
const TOLD = 20;

export interface Found {
  readonly corpus: Pick<Corpus, "logProbability">;
  readonly selfFiles: number;
  readonly self: Hits;
  readonly samples: { readonly paths: readonly string[]; readonly hits: Hits } | null;
  readonly probes: Prepared["probes"];
}

/** Files that hold each string of the rule, in the rule's order. */
export function holders(hits: Hits, { rule }: RuleRegion, probes: Prepared["probes"]): ReadonlySet<string>[] {
  return probed(rule).map(({ value }) => hits.of(PROBES, probes.get(value)!));
}

/** What is said of a rule from its text and from the scan of self; the slower looks are added to it. */
export type Judgement = Omit<RuleJudgement, "cost" | "yara4" | "better">;

export function judgeRule(
  path: string,
  { namespace, whole }: Prepared["compiled"][number],
  region: RuleRegion,
  found: Found,
): Judgement {
  const { name, place, rule, fault } = region;
  const { self, selfFiles, corpus, samples, probes } = found;
  const hit = self.of(namespace, name);
  const inSelf = holders(self, region, probes);
  const strings = (rule?.patterns ?? []).map((pattern, at) =>
    judgeString(pattern, {
      logProbability: (bytes) => corpus.logProbability(bytes),
      selfFiles,
      files: inSelf[at]!.size,
    }),
  );
  const problems: RuleProblem[] = [];
  const tell = (severity: RuleProblem["severity"], message: string, at = place) =>
    problems.push({ severity, message, line: at.line, column: at.column });
  if (fault) tell("note", `its strings are not judged: ${fault.message}`, fault.place);
  if (hit.size > 0) tell("bad", `hits ${hit.size} files of self`);
  if (strings.length > 0 && strings.every(({ verdict }) => verdict === "weak" || verdict === "common"))
    tell("weak", "rests on weak strings only");
  if (rule && restsOnShape(rule))
    tell("weak", "the size of a file and a few bytes at fixed places are enough for its condition");
  for (const pattern of rule ? unusedPatterns(rule) : [])
    tell("note", `its condition never uses ${pattern.id}`, pattern.place);
  return {
    file: path,
    rule: name,
    line: place.line,
    verdict: hit.size > 0 ? "bad" : problems.some(({ severity }) => severity === "weak") ? "weak" : "fine",
    problems,
    hits: { files: hit.size, paths: [...hit].slice(0, TOLD) },
    falsePositives: {
      perMillion: selfFiles > 0 ? (hit.size / selfFiles) * 1e6 : 0,
      upperPerMillion: upperBound(hit.size, selfFiles) * 1e6,
    },
    strings,
    slow: rule ? slowCondition(rule) : [],
    differences: rule ? dialectDifferences(rule, whole.statements) : [],
    ...(samples ? { samples: samplesOf(samples, samples.hits.of(namespace, name), region, probes) } : {}),
  };
}

/** Samples that the rule finds, or that hold some of its strings. */
function samplesOf(
  { paths, hits }: NonNullable<Found["samples"]>,
  rule: ReadonlySet<string>,
  region: RuleRegion,
  probes: Prepared["probes"],
): RuleSample[] {
  const held = holders(hits, region, probes);
  const ids = (region.rule?.patterns ?? []).map(({ id }) => id);
  return paths
    .map((path) => ({
      path,
      found: rule.has(path),
      strings: ids.filter((_, at) => held[at]!.has(path)),
    }))
    .filter(({ found, strings }) => found || strings.length > 0);
}
