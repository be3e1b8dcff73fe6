import { z } from "zod";
import { FileType, Instant } from "./common.ts";
import { Family, PrescriptionId } from "./ids.ts";
import { Proof } from "./proof.ts";
import { AnyRepair } from "./repair.ts";

/** Largest rule source in bytes that a prescription may carry; most are under 1 KiB. */
export const MAX_RULE_BYTES = 4096;

/** What finds the infection: a rule in the common subset of YARA-X and YARA 4, applied to files of the scope only. */
export const Detection = z.strictObject({
  engine: z.literal("yara-x"),
  rule: z.string().min(1).max(MAX_RULE_BYTES),
  scope: z.array(FileType).min(1),
});
export type Detection = z.infer<typeof Detection>;

const Document = z.strictObject({
  version: z.literal(1),
  id: PrescriptionId,
  pathogen: z.literal("infection"),
  family: Family,
  aliases: z.array(z.string().max(128)).max(32),
  detect: Detection,
  /** One recipe for each kind of host; empty where none could be proved: then files are only quarantined. */
  repair: z.array(AnyRepair).max(16),
  /** Earlier prescriptions whose every specimen this one was shown to find and, where they gave back, to give back: they retire where this one is active. */
  replaces: z.array(PrescriptionId).min(1).max(32).optional(),
  proof: Proof,
  made: z.strictObject({ by: z.string().max(128), version: z.string().max(32), at: Instant }),
});

/** The signed document that travels to the machines. Format version 1. */
export const Prescription = Document.superRefine(({ id, replaces = [] }, context) => {
  replaces.forEach((old, place) => {
    const message =
      old === id
        ? "a prescription cannot replace itself"
        : replaces.indexOf(old) < place
          ? `${old} is named twice`
          : null;
    if (message) context.addIssue({ code: "custom", path: ["replaces", place], message });
  });
});
export type Prescription = z.infer<typeof Prescription>;
