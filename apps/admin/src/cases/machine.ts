/**
 * The loop of one case as a pure function: state and event give the next state, its history entries and the effects that
 * the caller carries out in the same transaction. An event that does not fit the state (a repetition, a late message)
 * gives null: nothing changes.
 */
import type {
  CaseOutcome,
  CaseStage,
  CaseWait,
  Family,
  MachineId,
  Policy,
  PrescriptionId,
  Verdict,
} from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts";

export interface CaseState {
  readonly stage: CaseStage;
  readonly outcome: CaseOutcome | null;
  /** What a person is to decide. At `person` always set; elsewhere only under the level `observe`. */
  readonly waits: CaseWait | null;
  /** The sealed sample lies in our store. */
  readonly stored: boolean;
  readonly verdict: Verdict | null;
  readonly family: Family | null;
  readonly prescription: PrescriptionId | null;
  readonly why: string | null;
  /** Milliseconds since 1970 until which the patient has to report; only while it is awaited. */
  readonly deadline: number | null;
}

export type CaseMessage =
  | { readonly type: "sample-stored" }
  | { readonly type: "claimed"; readonly by: MachineId }
  | {
      readonly type: "analysed";
      readonly by: MachineId;
      readonly verdict: Verdict;
      readonly family: Family | null;
      readonly prescription: PrescriptionId | null;
      readonly gaveUp: { readonly code: string; readonly why: string } | null;
      /** The prescription is active on every machine already, by an earlier case. */
      readonly covered: boolean;
    }
  | { readonly type: "analysis-lost"; readonly why: string }
  | {
      readonly type: "outcome";
      readonly by: MachineId;
      readonly patient: boolean;
      readonly healthy: boolean;
      readonly summary: string;
    }
  | { readonly type: "patient-silent" }
  | { readonly type: "rolled-out"; readonly result: "healed" | "contained"; readonly summary: string }
  | { readonly type: "recalled"; readonly why: string }
  /** Every machine has another prescription that finds all that this case's finds. */
  | { readonly type: "replaced"; readonly by: PrescriptionId }
  /** What had answered the case instead of its own prescription was withdrawn. */
  | {
      readonly type: "given-back";
      readonly prescription: PrescriptionId;
      readonly scope: "none" | "patient" | "all";
      readonly why: string;
    }
  | { readonly type: "approved"; readonly why: string }
  | { readonly type: "rejected"; readonly why: string };

export type CaseEffect =
  /** Gives the sample to the analysis centres; a new round where one was done before. */
  | { readonly do: "enqueue-analysis" }
  | { readonly do: "end-analysis" }
  | {
      readonly do: "assign";
      readonly scope: "patient" | "all";
      readonly prescription: PrescriptionId;
      /** A person said so now: that alone takes a recall back. */
      readonly byPerson: boolean;
    }
  | { readonly do: "recall"; readonly prescription: PrescriptionId; readonly why: string }
  /** Every machine has the prescription: what it replaces retires. */
  | { readonly do: "retire-replaced"; readonly by: PrescriptionId }
  /** The case ended: its machines are told and its sealed sample is removed. */
  | { readonly do: "end-case" };

export interface CaseEntry {
  readonly stage: CaseStage;
  readonly machine: MachineId | null;
  readonly what: string;
}

export interface CaseStep {
  readonly state: CaseState;
  readonly effects: readonly CaseEffect[];
  readonly history: readonly CaseEntry[];
}

export interface CaseContext {
  readonly policy: Policy;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly patientSeconds: number;
}

/** The first state of a case, by the level of `submit`. */
export function openedState(policy: Policy): CaseState {
  const waits = policy.submit === "automatic" ? null : "submit";
  const stage = policy.submit === "propose" ? "person" : "suspected";
  const why = waits ? `policy: submit = ${policy.submit}` : null;
  return {
    stage,
    outcome: null,
    waits,
    stored: false,
    verdict: null,
    family: null,
    prescription: null,
    why,
    deadline: null,
  };
}

/**
 * The next step of a case, or null where the message changes nothing.
 * @throws ThymusError CONFLICT where a person decides about a case that waits for nobody or has ended
 */
export function transition(state: CaseState, message: CaseMessage, context: CaseContext): CaseStep | null {
  switch (message.type) {
    case "sample-stored":
      return sampleStored(state);
    case "claimed":
      return claimed(state, message.by);
    case "analysed":
      return analysed(state, message, context);
    case "analysis-lost":
      return inAnalysis(state) ? gaveUp(state, null, message.why) : null;
    case "outcome":
      return outcome(state, message, context);
    case "patient-silent": {
      const late = state.stage === "patient" && state.deadline !== null && state.deadline <= context.now;
      return late ? halt(state, null, "the patient did not report in time") : null;
    }
    case "rolled-out":
      return state.stage === "rollout" ? rolledOut(state, message.result, message.summary) : null;
    case "recalled":
      return recallable(state) ? halt(state, null, `recalled: ${message.why}`) : null;
    case "replaced":
      return recallable(state) ? replaced(state, message.by) : null;
    case "given-back":
      return state.stage === "closed" ? givenBack(state, message, context) : null;
    case "approved":
      return approved(state, message.why, context);
    case "rejected":
      return rejected(state, message.why);
  }
}

const inAnalysis = (state: CaseState) => state.stage === "submitted" || state.stage === "analysing";
const recallable = (state: CaseState) =>
  ["prescribed", "patient", "rollout"].includes(state.stage) ||
  (state.stage === "person" && (state.waits === "repair" || state.waits === "rollout"));

function step(
  state: CaseState,
  machine: MachineId | null,
  what: string,
  effects: readonly CaseEffect[] = [],
): CaseStep {
  return { state, effects, history: [{ stage: state.stage, machine, what: what.slice(0, 2048) }] };
}

/** Puts what happened before in front of what follows from it, within one transaction. */
function after(first: CaseStep, next: CaseStep): CaseStep {
  return {
    state: next.state,
    effects: [...first.effects, ...next.effects],
    history: [...first.history, ...next.history],
  };
}

function sampleStored(state: CaseState): CaseStep | null {
  if (state.stored || state.stage === "closed") return null;
  const stored = { ...state, stored: true };
  return state.waits === "submit" ? step(stored, null, "sealed sample stored") : submit(stored);
}

function submit(state: CaseState): CaseStep {
  return step(
    { ...state, stage: "submitted", waits: null, why: null },
    null,
    "waits for an analysis centre",
    [{ do: "enqueue-analysis" }],
  );
}

function claimed(state: CaseState, by: MachineId): CaseStep | null {
  if (!inAnalysis(state)) return null;
  const again = state.stage === "analysing" ? "given again: the last analysis did not end" : "analysis began";
  return step({ ...state, stage: "analysing" }, by, again);
}

function analysed(
  state: CaseState,
  message: Extract<CaseMessage, { type: "analysed" }>,
  context: CaseContext,
): CaseStep | null {
  if (!inAnalysis(state)) return null;
  const { verdict, family, prescription, by } = message;
  const known = { ...state, verdict, family };
  if (message.gaveUp) return gaveUp(known, by, `${message.gaveUp.code}: ${message.gaveUp.why}`);
  if (prescription) {
    const prescribed = step(
      { ...known, stage: "prescribed", prescription, why: null },
      by,
      `${verdict}${family ? ` of the family ${family}` : ""}, prescription ${prescription}`,
      [{ do: "end-analysis" }],
    );
    if (message.covered) {
      return after(
        prescribed,
        close(prescribed.state, "known", `${prescription} is active everywhere already`, []),
      );
    }
    const level = context.policy.repair;
    if (level === "automatic") return after(prescribed, toPatient(prescribed.state, context));
    return after(prescribed, wait(prescribed.state, "repair", level));
  }
  if (verdict === "harmless") return close(known, "harmless", "found harmless", [{ do: "end-analysis" }], by);
  return gaveUp(known, by, `${verdict}, without a prescription and without a reason`);
}

function gaveUp(state: CaseState, by: MachineId | null, why: string): CaseStep {
  return step({ ...state, stage: "person", waits: "gave-up", why }, by, `analysis gave up: ${why}`, [
    { do: "end-analysis" },
  ]);
}

/** `propose` hands the case to a person; `observe` lets it stay where it is. */
function wait(state: CaseState, waits: CaseWait, level: "observe" | "propose"): CaseStep {
  const why = `policy: ${waits} = ${level}`;
  const stage = level === "propose" ? "person" : state.stage;
  return step({ ...state, stage, waits, why, deadline: null }, null, `waits for a person (${why})`);
}

function toPatient(state: CaseState, context: CaseContext, byPerson = false): CaseStep {
  const deadline = context.now + context.patientSeconds * 1000;
  return step(
    { ...state, stage: "patient", waits: null, why: null, deadline },
    null,
    "given to the patient first",
    [{ do: "assign", scope: "patient", prescription: state.prescription!, byPerson }],
  );
}

function toEveryone(state: CaseState, byPerson = false): CaseStep {
  return step(
    { ...state, stage: "rollout", waits: null, why: null, deadline: null },
    null,
    "given to every machine",
    [{ do: "assign", scope: "all", prescription: state.prescription!, byPerson }],
  );
}

function outcome(
  state: CaseState,
  message: Extract<CaseMessage, { type: "outcome" }>,
  context: CaseContext,
): CaseStep | null {
  const given = state.stage === "patient" || state.stage === "rollout" || state.waits === "rollout";
  if (!given) return null;
  if (!message.healthy) return halt(state, message.by, `not healthy: ${message.summary}`);
  if (state.stage !== "patient" || state.waits || !message.patient) return null;
  const healed = step({ ...state, deadline: null }, message.by, `the patient is healthy: ${message.summary}`);
  const level = context.policy.rollout;
  return after(
    healed,
    level === "automatic" ? toEveryone(healed.state) : wait(healed.state, "rollout", level),
  );
}

/** Law 3: nothing spreads further, what was given is withdrawn, a person decides. */
function halt(state: CaseState, by: MachineId | null, why: string): CaseStep {
  const effects: CaseEffect[] = state.prescription
    ? [{ do: "recall", prescription: state.prescription, why }]
    : [];
  return step(
    { ...state, stage: "person", waits: "halted", why, deadline: null },
    by,
    `halted: ${why}`,
    effects,
  );
}

function close(
  state: CaseState,
  result: CaseOutcome,
  what: string,
  effects: readonly CaseEffect[],
  by: MachineId | null = null,
): CaseStep {
  const closed = { ...state, stage: "closed" as const, outcome: result, waits: null, deadline: null };
  return step(closed, by, what, [...effects, { do: "end-case" }]);
}

function rolledOut(state: CaseState, result: CaseOutcome, summary: string): CaseStep {
  return close(state, result, summary, [{ do: "retire-replaced", by: state.prescription! }]);
}

function replaced(state: CaseState, by: PrescriptionId): CaseStep {
  const why = `${state.prescription} is replaced by ${by}, which every machine has`;
  return close({ ...state, prescription: by, why }, "known", why, []);
}

/** The case goes on where its prescription had come to when another one answered for it. */
function givenBack(
  state: CaseState,
  message: Extract<CaseMessage, { type: "given-back" }>,
  context: CaseContext,
): CaseStep {
  const { prescription, scope, why } = message;
  const open = { ...state, outcome: null, prescription, why: null };
  if (scope === "all") return step({ ...open, stage: "rollout" }, null, why);
  if (scope === "none")
    return step({ ...open, stage: "person", waits: "repair", why }, null, `${why}; a person decides`);
  const deadline = context.now + context.patientSeconds * 1000;
  return step({ ...open, stage: "patient", deadline }, null, `${why}; the patient carries it out again`);
}

function approved(state: CaseState, why: string, context: CaseContext): CaseStep {
  const said = step(state, null, why ? `approved by a person: ${why}` : "approved by a person");
  switch (state.waits) {
    case "submit":
      if (state.stored) return after(said, submit(state));
      return after(
        said,
        step({ ...state, stage: "suspected", waits: null, why: null }, null, "waits for the sealed sample"),
      );
    case "repair":
    case "halted":
      return after(said, toPatient(state, context, true));
    case "rollout":
      return after(said, toEveryone(state, true));
    case "gave-up":
      return after(said, submit({ ...state, verdict: null, family: null }));
    case null:
      throw new ThymusError(
        "CONFLICT",
        `the case is at stage ${state.stage} and waits for nobody`,
        "approve only cases that wait for a person",
      );
  }
}

function rejected(state: CaseState, why: string): CaseStep {
  if (state.stage === "closed") {
    throw new ThymusError("CONFLICT", "the case has ended", "nothing is left to reject");
  }
  const effects: CaseEffect[] = [{ do: "end-analysis" }];
  const withdrawn = state.prescription && state.waits !== "halted";
  if (withdrawn) {
    effects.push({
      do: "recall",
      prescription: state.prescription!,
      why: `rejected: ${why || "by a person"}`,
    });
  }
  const result = state.waits === "gave-up" ? "gave-up" : "rejected";
  const text = why ? `rejected: ${why}` : "rejected by a person";
  return close({ ...state, why: why || state.why }, result, text, effects);
}
