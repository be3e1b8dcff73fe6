/** Lines between the part with keys and the confined triage worker. */
import { Count, FileType, PrescriptionId, Sha256 } from "@thymus/contracts";
import { z } from "zod";

/** A rule of an active prescription of this centre. */
export const TriageRule = z.strictObject({
  prescription: PrescriptionId,
  source: z.string(),
  scope: z.array(FileType).min(1),
});
export type TriageRule = z.infer<typeof TriageRule>;

export const TriageOrder = z.union([
  z.strictObject({ rules: z.array(TriageRule) }),
  /** `file` is a plain name in the folder that worker and host share. */
  z.strictObject({ look: z.strictObject({ id: Count, file: z.string(), name: z.string() }) }),
]);
export type TriageOrder = z.infer<typeof TriageOrder>;

export const Look = z.strictObject({
  id: Count,
  sha256: Sha256,
  size: Count,
  type: FileType,
  /** See sketch.ts; base64. */
  sketch: z.string().max(2048).nullable(),
  /** Active prescriptions whose rule hits, at most 16. */
  hits: z.array(PrescriptionId).max(16),
});
export type Look = z.infer<typeof Look>;

export const TriageLine = z.union([
  z.strictObject({ looked: Look }),
  z.strictObject({ failed: z.strictObject({ id: Count, why: z.string().max(512) }) }),
]);
export type TriageLine = z.infer<typeof TriageLine>;
