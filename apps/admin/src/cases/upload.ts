import { CaseId, parseDocument, ThymusError } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { State } from "../state/state.ts";
import { applyMessage, type CaseParts, findIncident } from "./apply.ts";

/**
 * Stores a sealed sample and submits its case. Repeatable: the bytes of a case that has its sample are not taken again.
 * @param sha256 digest of the sealed bytes, as the machine signed it
 * @throws ThymusError NOT_FOUND, FORBIDDEN, TOO_LARGE, SEAL_BROKEN
 */
export async function storeSample(
  state: State,
  parts: CaseParts,
  machine: string,
  caseId: CaseId,
  stream: AsyncIterable<Uint8Array>,
  sha256: string,
): Promise<void> {
  const opening = await state.db
    .selectFrom("opening")
    .select("machine")
    .where("id", "=", caseId)
    .executeTakeFirst();
  if (opening && opening.machine !== machine) {
    throw new ThymusError(
      "FORBIDDEN",
      `${caseId} is a case of another machine`,
      "send only your own samples",
    );
  }
  const row = await findIncident(state, caseId);
  if (row.stored === 1 || row.stage === "closed") return;
  await parts.samples.write(parseDocument(CaseId, row.id, "stored case"), stream, sha256, row.size);
  await failpoint("admin.sample.written");
  await state.change(async (change) => {
    // Read anew: the case may have gone on while the bytes came in.
    const current = await findIncident(change, caseId);
    await applyMessage(change, parts, current, { type: "sample-stored" });
    if (current.stage === "closed") {
      change.afterwards(() => parts.samples.remove(parseDocument(CaseId, current.id, "stored case")));
    }
  });
  await failpoint("admin.sample.stored");
}
