import { applyMessage, type CaseParts, writeHistory } from "../cases/apply.ts";
import type { CaseState } from "../cases/machine.ts";
import type { State } from "../state/state.ts";
import { knownPrescription } from "./prescriptions.ts";
import { withdraw } from "./replace.ts";

/** A person withdraws a prescription: from every machine, and its case asks a person where it was still open. */
export async function recallByPerson(
  state: State,
  parts: CaseParts,
  prescription: string,
  why: string,
): Promise<void> {
  await state.change(async (change) => {
    const row = await knownPrescription(change.db, prescription);
    if (row.state === "recalled") return;
    const reason = why || "by a person";
    const incident = row.incident
      ? await change.db.selectFrom("incident").selectAll().where("id", "=", row.incident).executeTakeFirst()
      : undefined;
    if (incident && !(await applyMessage(change, parts, incident, { type: "recalled", why: reason }))) {
      const stage = incident.stage as CaseState["stage"];
      const what = `${prescription} recalled: ${reason}`.slice(0, 2048);
      await writeHistory(change, incident.id, { stage, machine: null, what });
      change.tell({ type: "case", id: incident.id, stage });
    }
    await withdraw(change, parts, prescription, reason);
  });
}
