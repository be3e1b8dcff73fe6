import type { Config } from "@thymus/contracts";
import { CaseId, parseDocument, ThymusError } from "@thymus/contracts";
import type { Kysely } from "kysely";
import { readPolicy } from "../policy/policy.ts";
import { assign } from "../rollout/prescriptions.ts";
import { retireReplaced, withdraw } from "../rollout/replace.ts";
import type { AdminDatabase } from "../state/schema.ts";
import type { Change } from "../state/state.ts";
import { type CaseEffect, type CaseEntry, type CaseMessage, type CaseStep, transition } from "./machine.ts";
import { columnsOf, type IncidentRow, stateOf } from "./rows.ts";
import type { SampleStore } from "./samples.ts";

/** The kind of the queue's jobs that analysis centres claim; the key is the case. */
export const ANALYSIS = "analyse";
/** Times that a sample is given out before a person is asked: whatever ends an analysis may be the sample itself. */
const MAX_ANALYSES = 8;

/** What the parts of this folder share. */
export interface CaseParts {
  readonly config: Config;
  readonly samples: SampleStore;
}

/** The case under its own id or under one that was folded into it. @throws ThymusError NOT_FOUND */
export async function findIncident(
  state: { readonly db: Kysely<AdminDatabase> },
  id: string,
): Promise<IncidentRow> {
  const row = await state.db
    .selectFrom("opening")
    .innerJoin("incident", "incident.id", "opening.incident")
    .selectAll("incident")
    .where("opening.id", "=", id)
    .executeTakeFirst();
  if (!row) throw new ThymusError("NOT_FOUND", `there is no case ${id}`, "look at the list of cases");
  return row;
}

/**
 * Applies a message to a case: next state, history and effects in the transaction of `change`.
 * @returns false where the message changed nothing
 */
export async function applyMessage(
  change: Change,
  parts: CaseParts,
  row: IncidentRow,
  message: CaseMessage,
): Promise<boolean> {
  const policy = await readPolicy(change.db, parts.config);
  const { patientSeconds } = parts.config.admin;
  const step = transition(stateOf(row), message, { policy, now: change.now, patientSeconds });
  if (!step) return false;
  await writeStep(change, row.id, step);
  for (const effect of step.effects) await carryOut(change, parts, row, effect);
  change.tell({ type: "case", id: row.id, stage: step.state.stage });
  return true;
}

async function writeStep(change: Change, id: string, step: CaseStep): Promise<void> {
  // A case that is open again has not ended, whatever was told before.
  const reopened = step.state.stage === "closed" ? {} : { ended_revision: null };
  await change.db
    .updateTable("incident")
    .set({ ...columnsOf(step.state), ...reopened, changed: change.now })
    .where("id", "=", id)
    .execute();
  for (const entry of step.history) await writeHistory(change, id, entry);
}

export async function writeHistory(change: Change, incident: string, entry: CaseEntry): Promise<void> {
  const { stage, machine, what } = entry;
  await change.db.insertInto("history").values({ incident, at: change.now, stage, machine, what }).execute();
}

async function carryOut(
  change: Change,
  parts: CaseParts,
  row: IncidentRow,
  effect: CaseEffect,
): Promise<void> {
  switch (effect.do) {
    case "enqueue-analysis":
      await change.queue.forget(ANALYSIS, row.id);
      await change.queue.enqueue(ANALYSIS, row.id, null, row.score, { maxAttempts: MAX_ANALYSES });
      return change.tell({ type: "work" });
    case "end-analysis":
      return change.queue.withdraw(ANALYSIS, row.id);
    case "assign":
      return assign(change, effect.prescription, effect.scope, row, effect.byPerson);
    case "recall":
      return withdraw(change, parts, effect.prescription, effect.why);
    case "retire-replaced":
      return retireReplaced(change, parts, effect.by);
    case "end-case":
      await change.db
        .updateTable("incident")
        .set({ ended_revision: await change.revise() })
        .where("id", "=", row.id)
        .execute();
      return change.afterwards(() => parts.samples.remove(parseDocument(CaseId, row.id, "case id")));
  }
}
