/** When the rule of a prescription answers for a sample. */
import type { CaseId, PrescriptionId } from "@thymus/contracts";
import { type Answered, retold } from "./answer.ts";
import { factsOf } from "./store/rows.ts";
import type { IntakeStore, NewSubmission } from "./store/store.ts";
import type { Look } from "./triage/protocol.ts";

/**
 * Answers with the report of the first prescription whose rule hits, that stands, and that may answer.
 * @returns null where none does
 */
export async function answerByRule(
  store: Pick<IntakeStore, "ruleReport">,
  row: NewSubmission,
  look: Pick<Look, "hits"> | null,
  may: (prescription: PrescriptionId) => boolean,
): Promise<Answered | null> {
  for (const hit of look?.hits ?? []) {
    const report = may(hit) ? await store.ruleReport(hit) : null;
    if (!report) continue;
    const why = `the rule of ${hit} (${report.family ?? "no family"}) hits it; found for ${report.case}`;
    const told = retold(report, row.id as CaseId, factsOf(row), why);
    return { state: "answered", by: "rule", report: told, prescription: hit };
  }
  return null;
}
