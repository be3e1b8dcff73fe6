import type { State } from "../state/state.ts";
import { applyMessage, type CaseParts, findIncident } from "./apply.ts";

/** A person lets a case go on, or ends it. @throws ThymusError NOT_FOUND, CONFLICT */
export async function decide(
  state: State,
  parts: CaseParts,
  id: string,
  decision: "approved" | "rejected",
  why: string,
): Promise<void> {
  await state.change(async (change) => {
    const row = await findIncident(change, id);
    await applyMessage(change, parts, row, { type: decision, why });
  });
}
