import { z } from "zod";
import { Count, Seconds } from "./common.ts";
import { CorpusDigest } from "./proof.ts";

/** Counted from 1; the file is the one that the text was read from, includes being parts of the file that includes them. */
export const RuleProblem = z.strictObject({
  severity: z.enum(["error", "bad", "weak", "note"]),
  message: z.string(),
  line: Count,
  column: Count,
});
export type RuleProblem = z.infer<typeof RuleProblem>;

/** One string of a rule. `logProbability` is natural, null where no byte of it is fixed; `files` of self hold it. */
export const RuleStringJudgement = z.strictObject({
  id: z.string(),
  line: Count,
  fixedBytes: Count,
  logProbability: z.number().nullable(),
  files: Count,
  verdict: z.enum(["strong", "plausible", "weak", "common"]),
  why: z.array(z.string()),
});
export type RuleStringJudgement = z.infer<typeof RuleStringJudgement>;

/** A sample that a rule finds, or that holds some of its strings: their names, as often as rules have them. */
export const RuleSample = z.strictObject({
  path: z.string(),
  found: z.boolean(),
  strings: z.array(z.string()),
});
export type RuleSample = z.infer<typeof RuleSample>;

/**
 * A stricter rule that finds the same samples and hits fewer files of self, both shown by scanning; `rule` is null where there
 * is none, and `reason` says why. `hits` are files of self.
 */
export const RuleBetter = z.strictObject({
  rule: z.string().nullable(),
  changes: z.array(z.string()),
  hits: Count.nullable(),
  samples: Count.nullable(),
  reason: z.string(),
});
export type RuleBetter = z.infer<typeof RuleBetter>;

export const RuleJudgement = z.strictObject({
  file: z.string(),
  rule: z.string(),
  line: Count,
  verdict: z.enum(["fine", "weak", "bad"]),
  problems: z.array(RuleProblem),
  hits: z.strictObject({ files: Count, paths: z.array(z.string()).max(20) }),
  /** Files of a million that it would hit, and the one-sided 95 % bound (Clopper and Pearson). */
  falsePositives: z.strictObject({ perMillion: z.number(), upperPerMillion: z.number() }),
  strings: z.array(RuleStringJudgement),
  /** Where samples were named. */
  samples: z.array(RuleSample).optional(),
  better: RuleBetter.optional(),
});
export type RuleJudgement = z.infer<typeof RuleJudgement>;

/** What `thymus rules evaluate --json` prints. */
export const RuleEvaluation = z.strictObject({
  version: z.literal(1),
  self: z.strictObject({ digest: CorpusDigest, files: Count, bytes: Count }),
  samples: z.strictObject({ files: Count, bytes: Count }).optional(),
  files: z.array(z.strictObject({ path: z.string(), rules: Count, problems: z.array(RuleProblem) })),
  rules: z.array(RuleJudgement),
  seconds: Seconds,
});
export type RuleEvaluation = z.infer<typeof RuleEvaluation>;
