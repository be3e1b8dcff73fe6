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

/** What makes a scan slow, and what to change. */
export const RuleExpense = z.strictObject({ why: z.string(), change: z.string() });
export type RuleExpense = z.infer<typeof RuleExpense>;

/**
 * Where YARA 4 and YARA-X differ: one refuses the rule, or both take it and mean something else. `string` is null where it is the
 * condition. `before` is the first YARA 4 that has it as YARA-X does.
 */
export const RuleDifference = z.strictObject({
  engine: z.enum(["yara-4", "yara-x"]),
  effect: z.enum(["refuses", "differs"]),
  string: z.string().nullable(),
  line: Count,
  message: z.string(),
  change: z.string(),
  before: z.string().optional(),
});
export type RuleDifference = z.infer<typeof RuleDifference>;

/** One string of a rule. `logProbability` is natural, null where no byte of it is fixed; `files` of self hold it. */
export const RuleStringJudgement = z.strictObject({
  id: z.string(),
  line: Count,
  fixedBytes: Count,
  logProbability: z.number().nullable(),
  files: Count,
  verdict: z.enum(["strong", "plausible", "weak", "common"]),
  why: z.array(z.string()),
  slow: z.array(RuleExpense),
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
  /** Processor time of scanning goodware with this rule alone; null where it was not measured. `atLeast`: it was ended for its time. */
  cost: z
    .strictObject({ timesTrivial: z.number(), secondsPerGigabyte: z.number(), atLeast: z.boolean() })
    .nullable(),
  /** In its condition. */
  slow: z.array(RuleExpense),
  differences: z.array(RuleDifference),
  /** What the installed YARA 4 did with the same files; null where it was not asked. `refused` is its message. */
  yara4: z
    .strictObject({
      refused: z.string().nullable(),
      onlyYara4: z.array(z.string()),
      onlyYaraX: z.array(z.string()),
    })
    .nullable(),
});
export type RuleJudgement = z.infer<typeof RuleJudgement>;

/** What `thymus rules evaluate --json` prints. */
export const RuleEvaluation = z.strictObject({
  version: z.literal(1),
  self: z.strictObject({ digest: CorpusDigest, files: Count, bytes: Count }),
  samples: z.strictObject({ files: Count, bytes: Count }).optional(),
  files: z.array(z.strictObject({ path: z.string(), rules: Count, problems: z.array(RuleProblem) })),
  rules: z.array(RuleJudgement),
  /** How many samples and goodware files were scanned by YARA 4 as well; `why` tells why not, or what was left out. */
  yara4: z.strictObject({
    version: z.string().nullable(),
    samples: Count,
    goodware: Count,
    why: z.string().nullable(),
  }),
  /** What the costs were measured over; `why` tells why not, or what was left out. */
  cost: z.strictObject({ files: Count, bytes: Count, why: z.string().nullable() }),
  seconds: Seconds,
});
export type RuleEvaluation = z.infer<typeof RuleEvaluation>;
