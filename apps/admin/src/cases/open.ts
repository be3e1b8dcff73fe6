import {
  type OpenCase,
  type OpenCaseReply,
  PrescriptionId,
  parseDocument,
  ThymusError,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import { readPolicy } from "../policy/policy.ts";
import { activeAnswer } from "../rollout/prescriptions.ts";
import type { Change, State } from "../state/state.ts";
import { applyMessage, type CaseParts, findIncident, writeHistory } from "./apply.ts";
import { type CaseState, openedState } from "./machine.ts";
import { columnsOf, type IncidentRow } from "./rows.ts";

const DAY = 24 * 3600 * 1000;
/** Milliseconds for which an ended case without a prescription answers the same sample. */
const ANSWERS_FOR: Readonly<Record<string, number>> = { harmless: 30 * DAY, rejected: DAY, "gave-up": DAY };

/**
 * Why a case was given up whose machine sealed something else than the sample that it named: it answers nobody else, or
 * one machine could keep all others from having a sample analysed.
 */
const FORGED = "SEAL_BROKEN:%";
/** Share of all open cases that one machine may have: the others' must find room. */
const SHARE = 0.5;

/**
 * Opens a case for a machine. Idempotent by id. A sample that an open case examines already is folded into that case;
 * one that an active prescription or an ended case answers is answered at once.
 * @throws ThymusError TOO_MANY, FORBIDDEN, DOCUMENT_INVALID
 */
export async function openCase(
  state: State,
  parts: CaseParts,
  machine: string,
  request: OpenCase,
): Promise<OpenCaseReply> {
  if (request.sample.suspicion.machine !== machine) {
    throw new ThymusError("FORBIDDEN", "a suspicion of another machine", "send only what this machine saw");
  }
  if (request.sample.suspicion.subject.sha256 !== request.sample.sha256) {
    throw new ThymusError("DOCUMENT_INVALID", "suspicion and sample name different content", "seal it again");
  }
  const reply = await state.change(async (change) => {
    const opened = await change.db
      .selectFrom("opening")
      .select("machine")
      .where("id", "=", request.id)
      .executeTakeFirst();
    if (opened && opened.machine !== machine) {
      throw new ThymusError("CONFLICT", `${request.id} is a case of another machine`, "use a new case id");
    }
    if (!opened) await openOrFold(change, parts, machine, request);
    return replyFor(await findIncident(change, request.id));
  });
  await failpoint("admin.case.opened");
  return reply;
}

function replyFor(row: IncidentRow): OpenCaseReply {
  // Under `observe` nothing leaves the machine until a person approves.
  const observed = row.stage === "suspected" && row.waits === "submit";
  const upload = row.stored === 0 && row.stage !== "closed" && !observed;
  const known =
    row.stage === "closed" && row.outcome === "known"
      ? parseDocument(PrescriptionId, row.prescription, "stored case")
      : null;
  return { type: "case-opened", upload, known };
}

async function openOrFold(
  change: Change,
  parts: CaseParts,
  machine: string,
  request: OpenCase,
): Promise<void> {
  const { sha256 } = request.sample;
  const fold = await change.db
    .selectFrom("incident")
    .selectAll()
    .where("sha256", "=", sha256)
    .where("stage", "<>", "closed")
    .where((where) => where.or([where("why", "is", null), where("why", "not like", FORGED)]))
    .executeTakeFirst();
  if (fold) {
    await change.db.insertInto("opening").values({ id: request.id, incident: fold.id, machine }).execute();
    const what = `the same sample on another machine (${request.id})`;
    await writeHistory(change, fold.id, { stage: stageOf(fold), machine: asMachine(request), what });
    return change.tell({ type: "case", id: fold.id, stage: fold.stage });
  }
  const answer = await answered(change, sha256);
  if (!answer) await makeRoom(change, parts, machine);
  const first = openedState(await readPolicy(change.db, parts.config));
  await insert(change, machine, request, answer ? { ...first, ...answer } : first);
}

/** What is known of a sample already, as the state of a case that ends at once. */
async function answered(change: Change, sha256: string): Promise<Partial<CaseState> | null> {
  const known = await activeAnswer(change.db, sha256);
  if (known) {
    const { prescription, verdict, family } = known;
    const why = `${prescription} answers this sample`;
    return { stage: "closed", outcome: "known", waits: null, prescription, verdict, family, why };
  }
  const last = await change.db
    .selectFrom("incident")
    .selectAll()
    .where("sha256", "=", sha256)
    .where("stage", "=", "closed")
    .where("outcome", "in", Object.keys(ANSWERS_FOR))
    // Only a sample that was looked at: an answer that came from an earlier answer does not start the time anew.
    .where("stored", "=", 1)
    .where((where) => where.or([where("why", "is", null), where("why", "not like", FORGED)]))
    .orderBy("changed", "desc")
    .executeTakeFirst();
  if (!last || last.changed + ANSWERS_FOR[last.outcome!]! < change.now) return null;
  const { outcome, verdict, family } = last as unknown as CaseState;
  const why = `answered by ${last.id}: ${last.outcome}`;
  return { stage: "closed", outcome, waits: null, verdict, family, why };
}

/**
 * Holds the number of open cases. Where it is reached, the oldest case that analysis gave up makes room: nobody waits
 * for it but a person who did not come.
 * @throws ThymusError TOO_MANY
 */
async function makeRoom(change: Change, parts: CaseParts, machine: string): Promise<void> {
  const own = await change.db
    .selectFrom("incident")
    .select((select) => select.fn.countAll<number>().as("open"))
    .where("stage", "<>", "closed")
    .where("machine", "=", machine)
    .executeTakeFirstOrThrow();
  const share = Math.max(2, Math.floor(parts.config.admin.maxOpenCases * SHARE));
  const { open } = await change.db
    .selectFrom("incident")
    .select((select) => select.fn.countAll<number>().as("open"))
    .where("stage", "<>", "closed")
    .executeTakeFirstOrThrow();
  const crowding = own.open >= share;
  if (open < parts.config.admin.maxOpenCases && !crowding) return;
  // A machine that has its share makes room among its own cases only.
  let givenUp = change.db
    .selectFrom("incident")
    .selectAll()
    .where("stage", "=", "person")
    .where("waits", "=", "gave-up")
    .orderBy("changed");
  if (crowding) givenUp = givenUp.where("machine", "=", machine);
  const oldest = await givenUp.executeTakeFirst();
  if (!oldest) {
    throw new ThymusError(
      "TOO_MANY",
      crowding
        ? `${own.open} cases of this machine are open, its share`
        : `${open} cases are open, the limit`,
      "try again later; decide the cases that wait for a person, or raise admin.maxOpenCases",
    );
  }
  await applyMessage(change, parts, oldest, { type: "rejected", why: "made room for new cases" });
}

async function insert(change: Change, machine: string, request: OpenCase, state: CaseState): Promise<void> {
  const { id, sample } = request;
  const ended = state.stage === "closed" ? await change.revise() : null;
  await change.db
    .insertInto("incident")
    .values({
      id,
      machine,
      ...columnsOf(state),
      sha256: sample.sha256,
      size: sample.size,
      name: sample.name,
      score: sample.suspicion.score,
      sample_json: JSON.stringify(sample),
      report_json: null,
      opened: change.now,
      changed: change.now,
      ended_revision: ended,
    })
    .execute();
  await change.db.insertInto("opening").values({ id, incident: id, machine }).execute();
  const because = sample.suspicion.reasons.map((reason) => reason.why).join("; ");
  const what = `suspected with score ${sample.suspicion.score.toFixed(2)}: ${because}`.slice(0, 2048);
  await writeHistory(change, id, { stage: "suspected", machine: asMachine(request), what });
  if (state.why) await writeHistory(change, id, { stage: state.stage, machine: null, what: state.why });
  change.tell({ type: "case", id, stage: state.stage });
}

const asMachine = (request: OpenCase) => request.sample.suspicion.machine;
const stageOf = (row: IncidentRow) => row.stage as CaseState["stage"];
