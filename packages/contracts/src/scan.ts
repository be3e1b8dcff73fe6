import { z } from "zod";
import { Count, Seconds } from "./common.ts";
import { Family, PrescriptionId, Sha256 } from "./ids.ts";

/** One line of `thymus scan --json`. `prescription` is null for a plain rule file. Offsets in bytes. */
export const Finding = z.strictObject({
  path: z.string(),
  sha256: Sha256,
  prescription: PrescriptionId.nullable(),
  family: Family.nullable(),
  rule: z.string(),
  /** In the file, or in its member where one is named. */
  matches: z.array(z.strictObject({ offset: Count, length: Count })),
  /** Path inside an archive, where the find is in there; `!` stands between a nested archive and what is in it. */
  member: z.string().max(4096).optional(),
  /** File of the rule, where it is of a rule set of other people. */
  ruleFile: z.string().max(4096).optional(),
  /** Where the file is one of containers (`--containers`): whose, by runtime and id, and its path in there; a layer above may hide it. */
  containers: z
    .array(z.strictObject({ runtime: z.string().max(64), id: z.string().max(4096), path: z.string() }))
    .max(8)
    .optional(),
});
export type Finding = z.infer<typeof Finding>;

export const ScanSummary = z.strictObject({
  files: Count,
  bytes: Count,
  infected: Count,
  errors: Count,
  seconds: Seconds,
  /** Of the files, those that were not read: they are as they were when the same rules found nothing in them. */
  unchanged: Count.optional(),
});
export type ScanSummary = z.infer<typeof ScanSummary>;

/** One line of `thymus repair --json`. */
export const RepairOutcome = z.strictObject({
  path: z.string(),
  result: z.enum(["repaired", "not-infected", "refused", "failed"]),
  why: z.string().nullable(),
  sha256Before: Sha256.nullable(),
  sha256After: Sha256.nullable(),
});
export type RepairOutcome = z.infer<typeof RepairOutcome>;
