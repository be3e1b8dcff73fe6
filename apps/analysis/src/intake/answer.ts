/** Answers of the intake, and the reports that say how they came about. Pure. */
import {
  type CaseId,
  type FleetCount,
  ImmunizeReport,
  type PrescriptionId,
  parseDocument,
  type ThymusError,
} from "@thymus/contracts";

/** How urgent a submission is: more urgent ones are analysed first. */
export const urgencies = { patient: 2, fresh: 1, bulk: 0 } as const;
export type Urgency = keyof typeof urgencies;

export interface SubmissionMeta {
  /** The same id again is the same submission. */
  readonly id: CaseId;
  readonly name: string;
  readonly urgency: Urgency;
  /** Text that the giver wants back with the answer. */
  readonly ticket?: string;
  /** The machine from which it comes. */
  readonly submitter?: string;
  /** Machines whose package managers vouch for it, as the admin server counts them. */
  readonly fleet?: FleetCount;
}

/**
 * By what a submission was answered: an earlier result for the same content, a list of known clean content, the rule of
 * a prescription, the result of the same content that was already waiting, or an analysis of its own.
 */
export type AnsweredBy = "known" | "clean" | "rule" | "same" | "analysis";

export interface Answered {
  readonly state: "answered";
  readonly by: AnsweredBy;
  readonly report: ImmunizeReport;
  readonly prescription: PrescriptionId | null;
}

export type Answer =
  | Answered
  /** `position`: how many are waiting, this one included. */
  | { readonly state: "queued"; readonly position: number }
  /** Waits for the result of the content `into`; `near`: it is not the same, only nearly. */
  | { readonly state: "folded"; readonly into: string; readonly near: boolean }
  /** Nothing was kept: hand it in again after that time. */
  | { readonly state: "refused"; readonly retryAfterSeconds: number };

type Facts = ImmunizeReport["sample"];

/** A report of before for another submission. Its times are those of this answer: nothing ran. */
export function retold(report: ImmunizeReport, id: CaseId, sample: Facts, why: string): ImmunizeReport {
  return {
    ...report,
    case: id,
    sample,
    why: `${why}${report.why ? `: ${report.why}` : ""}`.slice(0, 4096),
    seconds: { total: 0, chamber: 0, signature: 0, proof: 0 },
  };
}

const nothing = {
  family: null,
  behaviour: [],
  infection: null,
  prescription: null,
  repair: { recipes: 0, why: null },
  proof: null,
  seconds: { total: 0, chamber: 0, signature: 0, proof: 0 },
  secondGeneration: null,
  chamber: "none",
  trust: "isolated",
} as const;

export function cleanReport(id: CaseId, sample: Facts, where: string): ImmunizeReport {
  const why = `known clean: its content stands in ${where}`;
  const said = { case: id, sample, verdict: "harmless", severity: "none", why, gaveUp: null };
  return parseDocument(ImmunizeReport, { ...nothing, ...said }, "the report");
}

export function gaveUpReport(id: CaseId, sample: Facts, error: ThymusError): ImmunizeReport {
  const gaveUp = { code: error.code, why: `${error.message}; ${error.hint}` };
  const said = { case: id, sample, verdict: "unknown", severity: "low", why: error.message, gaveUp };
  return parseDocument(ImmunizeReport, { ...nothing, ...said }, "the report");
}
