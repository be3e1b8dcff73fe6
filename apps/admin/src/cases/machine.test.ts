import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Family,
  type MachineId,
  type Policy,
  type PrescriptionId,
  ThymusError,
} from "@thymus/contracts";
import fc from "fast-check";
import { type CaseContext, type CaseMessage, type CaseState, openedState, transition } from "./machine.ts";

const machine = "machine-a" as MachineId;
const rx = "rx-1" as PrescriptionId;
const newer = "rx-2" as PrescriptionId;
const automatic: Policy = { submit: "automatic", repair: "automatic", rollout: "automatic" };
const context = (policy = automatic, now = 0): CaseContext => ({ policy, now, patientSeconds: 60 });

const stored: CaseMessage = { type: "sample-stored" };
const claimed: CaseMessage = { type: "claimed", by: machine };
const prescribed: CaseMessage = {
  type: "analysed",
  by: machine,
  verdict: "infector",
  family: "sh.test" as Family,
  prescription: rx,
  gaveUp: null,
  covered: false,
};
const harmless: CaseMessage = { ...prescribed, verdict: "harmless", family: null, prescription: null };
const gaveUp: CaseMessage = {
  ...prescribed,
  prescription: null,
  gaveUp: { code: "NO_SOUND_RULE", why: "no" },
};
const outcome = (patient: boolean, healthy: boolean): CaseMessage => ({
  type: "outcome",
  by: machine,
  patient,
  healthy,
  summary: "1 repaired",
});
const healed: CaseMessage = { type: "rolled-out", result: "healed", summary: "all" };

function run(messages: CaseMessage[], policy = automatic): CaseState {
  let state = openedState(policy);
  for (const message of messages) state = transition(state, message, context(policy))?.state ?? state;
  return state;
}

test("the loop closes by itself under the level automatic", () => {
  const stages = [];
  let state = openedState(automatic);
  for (const message of [stored, claimed, prescribed, outcome(true, true), healed]) {
    const step = transition(state, message, context())!;
    stages.push(...step.history.map((entry) => entry.stage));
    state = step.state;
  }
  const expected = ["submitted", "analysing", "prescribed", "patient", "patient", "rollout", "closed"];
  assert.deepEqual(stages, expected);
  assert.equal(state.outcome, "healed");
});

test("harmless closes, gave up asks a person, and approving analyses again", () => {
  assert.equal(run([stored, claimed, harmless]).outcome, "harmless");
  const waiting = run([stored, claimed, gaveUp]);
  assert.deepEqual([waiting.stage, waiting.waits, waiting.why], ["person", "gave-up", "NO_SOUND_RULE: no"]);
  const again = transition(waiting, { type: "approved", why: "" }, context())!;
  assert.equal(again.state.stage, "submitted");
  assert.deepEqual(again.effects, [{ do: "enqueue-analysis" }]);
  assert.equal(run([stored, claimed, gaveUp, { type: "rejected", why: "" }]).outcome, "gave-up");
});

test("an unhealthy or silent patient halts, and the prescription is recalled", () => {
  const patient = run([stored, claimed, prescribed]);
  for (const [message, now] of [
    [outcome(true, false), 0],
    [{ type: "patient-silent" }, 60_000],
  ] as const) {
    const step = transition(patient, message, context(automatic, now))!;
    assert.deepEqual([step.state.stage, step.state.waits], ["person", "halted"]);
    assert.equal(step.effects[0]!.do, "recall");
  }
  assert.equal(transition(patient, { type: "patient-silent" }, context(automatic, 59_999)), null);
  const spreading = run([stored, claimed, prescribed, outcome(true, true)]);
  assert.equal(transition(spreading, outcome(false, false), context())!.state.waits, "halted");
});

test("propose waits for a person at each stage, observe stays where it is", () => {
  const propose: Policy = { submit: "propose", repair: "propose", rollout: "propose" };
  const approve: CaseMessage = { type: "approved", why: "yes" };
  let state = openedState(propose);
  const seen = [];
  for (const message of [
    stored,
    approve,
    claimed,
    prescribed,
    approve,
    outcome(true, true),
    approve,
    healed,
  ]) {
    state = transition(state, message, context(propose))!.state;
    seen.push(`${state.stage}/${state.waits}`);
  }
  assert.deepEqual(seen, [
    "person/submit",
    "submitted/null",
    "analysing/null",
    "person/repair",
    "patient/null",
    "person/rollout",
    "rollout/null",
    "closed/null",
  ]);
  const observe: Policy = { submit: "observe", repair: "observe", rollout: "observe" };
  const watched = openedState(observe);
  assert.deepEqual([watched.stage, watched.waits], ["suspected", "submit"]);
  const held = run([approve, stored, claimed, prescribed], observe);
  assert.deepEqual([held.stage, held.waits], ["prescribed", "repair"]);
});

test("a decision about what waits for nobody is a conflict", () => {
  const conflict = (error: unknown) => error instanceof ThymusError && error.code === "CONFLICT";
  assert.throws(() => transition(openedState(automatic), { type: "approved", why: "" }, context()), conflict);
  const closed = run([stored, claimed, harmless]);
  assert.throws(() => transition(closed, { type: "rejected", why: "" }, context()), conflict);
});

/** What holds of every state that a case may be in. */
function assertLegal(state: CaseState): void {
  assert.equal(state.stage === "closed", state.outcome !== null);
  if (state.stage === "person") assert.ok(state.waits);
  if (state.stage === "closed") assert.equal(state.waits, null);
  if (state.waits && state.stage !== "person") {
    assert.ok(["suspected", "prescribed", "patient"].includes(state.stage));
  }
  if (["prescribed", "patient", "rollout"].includes(state.stage)) assert.ok(state.prescription);
  if (["submitted", "analysing"].includes(state.stage)) assert.ok(state.stored);
  if (state.deadline !== null) assert.equal(state.stage, "patient");
  if (state.stage === "patient" && !state.waits) assert.ok(state.deadline !== null);
}

const level = fc.constantFrom("observe" as const, "propose" as const, "automatic" as const);
const anyPolicy = fc.record({ submit: level, repair: level, rollout: level });
const anyMessage = fc.constantFrom<CaseMessage>(
  stored,
  claimed,
  prescribed,
  { ...prescribed, covered: true } as CaseMessage,
  harmless,
  gaveUp,
  { type: "analysis-lost", why: "lost" },
  outcome(true, true),
  outcome(true, false),
  outcome(false, true),
  outcome(false, false),
  { type: "patient-silent" },
  healed,
  { type: "recalled", why: "wrong" },
  { type: "replaced", by: newer },
  { type: "approved", why: "" },
  { type: "rejected", why: "" },
);

test("a case whose prescription is replaced is known; given back, it goes on where that had come to", () => {
  const said = [[stored, claimed, prescribed], [outcome(true, true)]];
  for (const [messages, scope, stage] of [
    [said[0]!, "patient", "patient"],
    [said.flat(), "all", "rollout"],
    [said[0]!, "none", "person"],
  ] as const) {
    const closed = run([...messages, { type: "replaced", by: newer }]);
    assert.deepEqual([closed.stage, closed.outcome, closed.prescription], ["closed", "known", newer]);
    const back = { type: "given-back", prescription: rx, scope, why: "withdrawn" } as const;
    const { state } = transition(closed, back, context())!;
    assertLegal(state);
    assert.deepEqual([state.stage, state.outcome, state.prescription], [stage, null, rx]);
    assert.equal(transition(state, back, context()), null, "an open case is left alone");
  }
  assert.equal(transition(run([stored]), { type: "replaced", by: newer }, context()), null);
});

test("any messages in any order: every state is legal, and a case that ended stays so", () => {
  fc.assert(
    fc.property(
      anyPolicy,
      fc.array(fc.tuple(anyMessage, fc.nat(200_000)), { maxLength: 40 }),
      (policy, said) => {
        let state = openedState(policy);
        assertLegal(state);
        for (const [message, now] of said) {
          const before = state;
          try {
            const step = transition(state, message, context(policy, now));
            state = step?.state ?? state;
            if (step) assert.ok(step.history.length > 0, "every change is written down");
            if (step?.state.stage === "closed")
              assert.ok(step.effects.some((effect) => effect.do === "end-case"));
          } catch (error) {
            assert.ok(error instanceof ThymusError && error.code === "CONFLICT");
          }
          assertLegal(state);
          if (before.stage === "closed") assert.deepEqual(state, before);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("a repeated message of a machine changes nothing the second time", () => {
  const machines = anyMessage.filter(({ type }) => !["approved", "rejected", "claimed"].includes(type));
  fc.assert(
    fc.property(anyPolicy, fc.array(anyMessage, { maxLength: 20 }), machines, (policy, said, last) => {
      let state = openedState(policy);
      const say = (message: CaseMessage) => {
        try {
          state = transition(state, message, context(policy, 100_000))?.state ?? state;
        } catch {}
      };
      for (const message of said) say(message);
      // A failing outcome of one machine is idempotent by its record, not by the state alone.
      say(last);
      const once = state;
      say(last);
      assert.deepEqual(state, once);
    }),
    { numRuns: 500 },
  );
});

test("from every reachable state a person can end the case", () => {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyMessage, { maxLength: 30 }), (policy, said) => {
      const state = run(
        said.filter(({ type }) => type !== "approved" && type !== "rejected"),
        policy,
      );
      if (state.stage === "closed") return;
      const ended = transition(state, { type: "rejected", why: "enough" }, context(policy))!;
      assert.equal(ended.state.stage, "closed");
      const assigned = state.prescription !== null && state.waits !== "halted";
      assert.equal(
        ended.effects.some((effect) => effect.do === "recall"),
        assigned,
      );
    }),
  );
});
