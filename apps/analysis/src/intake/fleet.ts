/**
 * When the word of other machines answers for a sample. Who counts as a witness is decided by the admin server: not a
 * machine that suspects the sample, nor one that has told of it for less than a week.
 */
import type { CaseId, FleetCount } from "@thymus/contracts";
import { type Answered, cleanReport, urgencies } from "./answer.ts";
import { factsOf } from "./store/rows.ts";
import type { IntakeStore, NewSubmission } from "./store/store.ts";
import type { Look } from "./triage/protocol.ts";

/**
 * Answers "clean", where nothing else is known of a sample and enough machines vouch for it.
 * @param least machines that must vouch for it; 0 means that none ever do
 * @returns null where it is to be analysed
 */
export async function answerByFleet(
  store: Pick<IntakeStore, "everHarmful">,
  row: NewSubmission,
  look: Pick<Look, "hits"> | null,
  fleet: FleetCount | undefined,
  least = 0,
): Promise<Answered | null> {
  if (!look || !fleet || least === 0 || fleet.machines < least) return null;
  // What was seen to be done weighs more than what is said: its machine's programs or decoys were changed.
  if (row.urgency >= urgencies.patient) return null;
  // Also the rule of a prescription that may not answer yet speaks against it, and any verdict of before.
  if (look.hits.length > 0 || (await store.everHarmful(row.sha256))) return null;
  const where = `packages of ${fleet.machines} of the ${fleet.of} machines that tell what they hold, whose package managers vouch for it`;
  const report = cleanReport(row.id as CaseId, factsOf(row), where);
  return { state: "answered", by: "clean", report, prescription: null };
}
