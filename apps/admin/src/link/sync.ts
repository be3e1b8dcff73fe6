import {
  parseDocument,
  type SyncReply,
  SyncReply as SyncReplyDocument,
  type SyncRequest,
} from "@thymus/contracts";
import { readCentre } from "../enrolment/enrol.ts";
import { assignedTo } from "../rollout/prescriptions.ts";
import type { State } from "../state/state.ts";

/** Ended cases that one answer tells; older ones are in the API. */
const MAX_CASES = 1000;

/**
 * What is new for a machine; waits while nothing is.
 * @param gone aborts when nobody listens any more
 */
export async function sync(
  state: State,
  machine: string,
  request: SyncRequest,
  gone: AbortSignal,
): Promise<SyncReply> {
  const changed = await state.hub.waitFor(
    "revision",
    async () => {
      const revision = await state.revision();
      return revision === request.known ? null : revision;
    },
    { seconds: request.waitSeconds, gone },
  );
  // Read before the content: what changes in between is told again, never left out.
  const revision = changed ?? (await state.revision());
  // A machine that knows more than we do had another database of ours: it is told everything.
  const since = request.known > revision ? 0 : request.known;
  const cases = await state.db
    .selectFrom("opening")
    .innerJoin("incident", "incident.id", "opening.incident")
    .select(["opening.id", "incident.outcome", "incident.verdict", "incident.why"])
    .where("opening.machine", "=", machine)
    .where("incident.ended_revision", ">", since)
    .orderBy("incident.ended_revision", "desc")
    .limit(MAX_CASES)
    .execute();
  const { replaced, ...given } = await assignedTo(state.db, machine);
  const reply = {
    type: "synced",
    revision,
    ...given,
    // An older agent does not know the word: it hears it only where there is something to say.
    ...(replaced.length > 0 ? { replaced } : {}),
    ...(await readCentre(state.db)),
    cases: cases.map((row) => ({ ...row })),
  };
  return parseDocument(SyncReplyDocument, reply, "answer to sync");
}
