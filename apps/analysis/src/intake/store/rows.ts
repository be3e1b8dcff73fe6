/** Rows of the intake's database as what they mean. Pure. */
import {
  type FileType,
  ImmunizeReport,
  PrescriptionId,
  parseDocument,
  parseJsonDocument,
  Sha256,
} from "@thymus/contracts";
import type { Selectable } from "kysely";
import type { Answered, AnsweredBy } from "../answer.ts";
import type { SubmissionTable } from "./schema.ts";

export type SubmissionRow = Selectable<SubmissionTable>;

/** Null for a report of another version: then it is as if there were none. */
export function reportOf(text: string): ImmunizeReport | null {
  try {
    return parseJsonDocument(ImmunizeReport, text, "a stored report");
  } catch {
    return null;
  }
}

export const answered = (answer: Answered, now: number) => ({
  answered: now,
  answered_by: answer.by,
  report: JSON.stringify(answer.report),
  prescription: answer.prescription,
});

/** The answer that a row holds; null while it has none. */
export function answerOf(row: SubmissionRow): Answered | null {
  const report = row.report === null ? null : reportOf(row.report);
  if (row.state !== "answered" || !report) return null;
  return {
    state: "answered",
    by: row.answered_by as AnsweredBy,
    report,
    prescription: row.prescription === null ? null : PrescriptionId.parse(row.prescription),
  };
}

/** What a report says of the sample of a row. */
export function factsOf(row: { sha256: string; size: number; type: string }): ImmunizeReport["sample"] {
  return {
    sha256: parseDocument(Sha256, row.sha256, "a digest"),
    size: row.size,
    type: row.type as FileType,
  };
}
