/** What may be answered by where a prescription was replaced. */
import type { PrescriptionId } from "@thymus/contracts";

/** Steps from a prescription to what replaced it, and what replaced that. */
const MOST_STEPS = 32;

/** This prescription, else what took its place, whichever may be answered by first; null where none may. */
export async function standingFor(
  prescription: PrescriptionId,
  may: (id: PrescriptionId) => boolean,
  replacedBy: (id: PrescriptionId) => Promise<PrescriptionId | null>,
): Promise<PrescriptionId | null> {
  let id: PrescriptionId | null = prescription;
  for (let step = 0; id !== null && step < MOST_STEPS; step++) {
    if (may(id)) return id;
    id = await replacedBy(id);
  }
  return null;
}
