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
  PrescriptionId,
  Proof,
  SampleFacts,
  Seconds,
  Severity,
  Sha256,
  Verdict,
} from "@thymus/contracts";
import { z } from "zod";
import { KinSketch } from "../families/sketch/sketch.ts";

export const MOST_VARIATIONS = 3;

/** Samples of a family that are remembered with their evidence. */
export const MOST_MEMBERS = 24;
/** A rule that is active, and what it gives back. */
export const KnownRule = z.strictObject({
  id: PrescriptionId,
  detect: Detection,
  repair: z.array(AnyRepair),
});
export type KnownRule = z.infer<typeof KnownRule>;
/** Evidence of an earlier sample. */
export const MemberEvidence = z.strictObject({
  sample: Sha256,
  folder: z.string(),
  program: z.boolean(),
  /** Recipes that stand for it now. */
  repair: z.array(AnyRepair),
});
export type MemberEvidence = z.infer<typeof MemberEvidence>;

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
  /** Samples of the family, itself among them, on whose evidence it is tried too. */
  members: z
    .array(MemberEvidence)
    .max(MOST_MEMBERS + 1)
    .optional(),
});
/** Tries rules of a family on a new sample's evidence; where none finds all of it, derives one over several samples. */
export const LearnJob = z.strictObject({
  kind: z.literal("learn"),
  /** Evidence of the new sample. */
  evidence: z.string(),
  corpusDir: z.string(),
  family: Family,
  program: z.boolean(),
  /** Recipes that the new sample's own analysis found: what these give back, a general prescription must. */
  own: z.array(AnyRepair),
  known: z.array(KnownRule).max(MOST_MEMBERS),
  /** Recipes that stand for samples of the family: kept besides those that are learned, as far as there is room. */
  standing: z.array(AnyRepair),
  /** Evidence folders to learn from, in the order of trials; empty where the known rules are only tried. */
  learnFrom: z.array(MemberEvidence).max(MOST_MEMBERS),
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
export const WorkerJob = z.discriminatedUnion("kind", [AnalyseJob, ProveJob, LearnJob, ReleaseJob]);
export type WorkerJob = z.infer<typeof WorkerJob>;
export type AnalyseJob = z.infer<typeof AnalyseJob>;
export type ProveJob = z.infer<typeof ProveJob>;
export type LearnJob = z.infer<typeof LearnJob>;
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
  /** By which its relatives are told; null where it did no harm. */
  kin: KinSketch.nullable(),
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
  /** Of the job's members: whether all of each is found, and given back as before, and nothing clean of it is hit. */
  members: z.array(z.strictObject({ sample: Sha256, covered: z.boolean() })).max(MOST_MEMBERS + 1),
  seconds: Seconds,
});
export type ProveResult = z.infer<typeof ProveResult>;

export const LearnResult = z.strictObject({
  kind: z.literal("learned"),
  /** The known rule that finds all of the new sample, or null. */
  coveredBy: PrescriptionId.nullable(),
  /** Null where nothing was learned: `why` says why. */
  detect: Detection.nullable(),
  repair: z.array(AnyRepair),
  /** Samples that the rule was learned from. */
  learned: z.array(Sha256).max(MOST_MEMBERS),
  why: z.string().nullable(),
  seconds: Seconds,
});
export type LearnResult = z.infer<typeof LearnResult>;

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
  z.strictObject({
    result: z.discriminatedUnion("kind", [AnalyseResult, ProveResult, LearnResult, ReleaseResult]),
  }),
]);
export type WorkerLine = z.infer<typeof WorkerLine>;
