import { Case, type CaseSummary, parseDocument } from "@thymus/contracts";
import type { Selectable } from "kysely";
import type { AdminDatabase } from "../state/schema.ts";
import type { CaseState } from "./machine.ts";

export type IncidentRow = Selectable<AdminDatabase["incident"]>;

/** The columns that the state machine decides about. */
export function stateOf(row: IncidentRow): CaseState {
  const { stage, outcome, waits, verdict, family, prescription, why, deadline } = row;
  return {
    stage,
    outcome,
    waits,
    verdict,
    family,
    prescription,
    why,
    deadline,
    stored: row.stored === 1,
  } as CaseState;
}

export function columnsOf(state: CaseState) {
  const { stage, outcome, waits, verdict, family, prescription, why, deadline } = state;
  return {
    stage,
    outcome,
    waits,
    verdict,
    family,
    prescription,
    why,
    deadline,
    stored: state.stored ? 1 : 0,
  };
}

const Summary = Case.omit({ history: true });

/** A case as the API shows it, without its history. */
export function summaryOf(row: IncidentRow): CaseSummary {
  return parseDocument(
    Summary,
    {
      id: row.id,
      machine: row.machine,
      stage: row.stage,
      outcome: row.outcome,
      waits: row.waits,
      sample: { sha256: row.sha256, size: row.size, name: row.name },
      score: row.score,
      verdict: row.verdict,
      family: row.family,
      prescription: row.prescription,
      why: row.why,
      opened: new Date(row.opened).toISOString(),
      changed: new Date(row.changed).toISOString(),
    },
    "stored case",
  );
}
