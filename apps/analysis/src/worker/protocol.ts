/** What passes between the part with keys and the confined worker: one job in on standard input, lines of JSON out. */
import {
  AnalysisFacts,
  AnyRepair,
  Behaviour,
  CaseId,
  ChamberInfo,
  Count,
  Decoy,
  Detection,
  errorCodes,
  Family,
  FileType,
  GaveUp,
  ImmunizeReport,
  Infection,
  Proof,
  SampleFacts,
  Seconds,
  Severity,
  Sha256,
  Verdict,
} from "@thymus/contracts";
import { z } from "zod";

export const MOST_VARIATIONS = 3;

/** Runs the sample and derives a rule and recipes from what it changed. */
export const AnalyseJob = z.strictObject({
  kind: z.literal("analyse"),
  sample: z.string(),
  name: z.string(),
  caseId: CaseId,
  seed: z.string(),
  chamberDir: z.string(),
  corpusDir: z.string(),
  drillPrograms: z.string().nullable(),
  /** Where results go: the only writable folder. */
  out: z.string(),
  budgetSeconds: Seconds,
  /** Chambers that may run at the same time. */
  parallel: z.number().int().min(1).max(16),
  /** Other conditions that are tried where the first run shows nothing. */
  variations: z.number().int().min(0).max(MOST_VARIATIONS),
});
/** Tries a candidate on the evidence and on goodware; meets neither the sample nor a chamber. */
export const ProveJob = z.strictObject({
  kind: z.literal("prove"),
  evidence: z.string(),
  corpusDir: z.string(),
  detect: Detection,
  repair: z.array(AnyRepair),
  /** The rule is of the sample itself: what it did to decoys is no part of the proof. */
  program: z.boolean(),
  out: z.string(),
});
/** Lets a drill pathogen loose on given files in a chamber and gives back what became of them. */
export const ReleaseJob = z.strictObject({
  kind: z.literal("release"),
  sample: z.string(),
  name: z.string(),
  seed: z.string(),
  chamberDir: z.string(),
  drillPrograms: z.string(),
  out: z.string(),
  budgetSeconds: Seconds,
});
export const WorkerJob = z.discriminatedUnion("kind", [AnalyseJob, ProveJob, ReleaseJob]);
export type WorkerJob = z.infer<typeof WorkerJob>;
export type AnalyseJob = z.infer<typeof AnalyseJob>;
export type ProveJob = z.infer<typeof ProveJob>;
export type ReleaseJob = z.infer<typeof ReleaseJob>;

/**
 * One decoy of the evidence. `run` says whether it was used to learn (`train`), kept back for the proof (`fresh`), or
 * changed by an infected decoy (`second`, the second generation).
 */
export const EvidenceEntry = z.strictObject({
  run: z.enum(["train", "fresh", "second"]),
  path: z.string(),
  kind: z.string(),
  type: FileType,
  state: z.enum(["unchanged", "changed", "missing"]),
  before: Sha256,
  after: Sha256.nullable(),
});
export type EvidenceEntry = z.infer<typeof EvidenceEntry>;
export const EvidenceManifest = z.strictObject({
  version: z.literal(1),
  sample: SampleFacts,
  /** Name of the sample's bytes in the evidence folder, stored like a decoy. */
  entries: z.array(EvidenceEntry).max(10_000),
});
export type EvidenceManifest = z.infer<typeof EvidenceManifest>;

export const AnalyseResult = z.strictObject({
  kind: z.literal("analysed"),
  sample: SampleFacts,
  facts: AnalysisFacts,
  verdict: Verdict,
  severity: Severity,
  why: z.string(),
  behaviour: z.array(Behaviour),
  infection: Infection.nullable(),
  family: Family.nullable(),
  detect: Detection.nullable(),
  /** The rule is of the sample itself, not of what it leaves in others. */
  program: z.boolean(),
  repair: z.array(AnyRepair),
  repairWhy: z.string().nullable(),
  gaveUp: GaveUp.nullable(),
  secondGeneration: ImmunizeReport.shape.secondGeneration,
  chamber: ChamberInfo,
  seconds: z.strictObject({ chamber: Seconds, signature: Seconds }),
});
export type AnalyseResult = z.infer<typeof AnalyseResult>;

export const ProveResult = z.strictObject({
  kind: z.literal("proved"),
  decoys: Proof.shape.decoys,
  programs: Proof.shape.programs,
  goodware: Proof.shape.goodware,
  /** Clean decoys (before) that the rule hits: any is a refusal. */
  cleanHits: Count,
  /** Infected decoys from which a recipe made something else than the clean file: any forbids the whole repair. */
  wrongRepairs: Count,
  sampleDetected: z.boolean(),
  evidence: Sha256,
  sound: z.boolean(),
  why: z.string().nullable(),
  seconds: Seconds,
});
export type ProveResult = z.infer<typeof ProveResult>;

export const ReleaseResult = z.strictObject({
  kind: z.literal("released"),
  files: z.array(z.strictObject({ decoy: Decoy, before: z.string(), after: z.string() })),
  seconds: Seconds,
});
export type ReleaseResult = z.infer<typeof ReleaseResult>;

export const WorkerLine = z.union([
  z.strictObject({ progress: z.string().max(256) }),
  z.strictObject({
    error: z.strictObject({ code: z.enum(errorCodes), message: z.string(), hint: z.string() }),
  }),
  z.strictObject({ result: z.discriminatedUnion("kind", [AnalyseResult, ProveResult, ReleaseResult]) }),
]);
export type WorkerLine = z.infer<typeof WorkerLine>;
