/** When an answer of before, or a list of known clean content, answers for a sample. */
import type { CaseId, PrescriptionId } from "@thymus/contracts";
import { type Answered, cleanReport, retold } from "./answer.ts";
import type { KnownClean } from "./clean.ts";
import { factsOf } from "./store/rows.ts";
import type { IntakeStore, NewSubmission } from "./store/store.ts";

/**
 * What can be said without looking into the file.
 * @param standing which prescription stands in the place of the one that was found; null where none may answer
 */
export async function answerKnown(
  store: Pick<IntakeStore, "finding">,
  clean: Pick<KnownClean, "whereIs">,
  row: NewSubmission,
  standing: (prescription: PrescriptionId) => Promise<PrescriptionId | null>,
): Promise<Answered | null> {
  const finding = await store.finding(row.sha256);
  const prescription = finding?.prescription ? await standing(finding.prescription) : null;
  if (finding && (!finding.prescription || prescription)) {
    const { report } = finding;
    const why = `known: analysed before as ${report.case}`;
    const told = retold(report, row.id as CaseId, report.sample, why);
    return { state: "answered", by: "known", report: told, prescription };
  }
  const where = clean.whereIs(row.sha256);
  if (where === null) return null;
  const report = cleanReport(row.id as CaseId, factsOf(row), where);
  return { state: "answered", by: "clean", report, prescription: null };
}
