import { el } from "./dom.js";

/** The stages in the order of the loop; `person` is not one of them but a stop on the way. */
const STAGES = [
  ["suspected", "Suspected"],
  ["submitted", "Submitted"],
  ["analysing", "Analysed"],
  ["prescribed", "Prescribed"],
  ["patient", "First machine"],
  ["rollout", "Every machine"],
  ["closed", "Closed"],
];

/** Where a case that waits for a person has come to. */
const WAITS_AT = { submit: 0, "gave-up": 2, repair: 3, halted: 4, rollout: 4 };

export const OUTCOMES = {
  healed: ["Healed: every file restored", "well"],
  contained: ["Contained: kept in quarantine", "work"],
  harmless: ["Harmless", "well"],
  known: ["Known: an active prescription answers it", "well"],
  "gave-up": ["Analysis gave up", "care"],
  rejected: ["Rejected by a person", ""],
};

const NOW = {
  suspected: "Waiting for the sealed sample",
  submitted: "Waiting for an analysis centre",
  analysing: "Being analysed",
  prescribed: "A prescription was made",
  patient: "Healing the first machine",
  rollout: "Rolling out to every machine",
};

const ASKS = {
  submit: "May this sample be analysed?",
  repair: "May the prescription be given to the first machine?",
  rollout: "The first machine is healthy. May every machine have it?",
  "gave-up": "The analysis gave up",
  halted: "Halted, and recalled",
};

/** What happens to a case right now, in a few words. */
export function sentence(one) {
  if (one.stage === "closed") return OUTCOMES[one.outcome][0];
  if (one.waits) return one.why ? `${ASKS[one.waits]} (${one.why})` : ASKS[one.waits];
  return NOW[one.stage];
}

export function tone(one) {
  if (one.waits) return "care";
  return one.stage === "closed" ? OUTCOMES[one.outcome][1] : "work";
}

/** The place of the last stage that a closed case went through before it ended. */
function reachedBefore(one) {
  if (one.outcome === "healed" || one.outcome === "contained") return 5;
  if (one.outcome === "known") return 0;
  if (one.prescription) return 3;
  return one.verdict ? 2 : 0;
}

function stateOf(place, { at, reached, closed, held }) {
  if (closed) return place <= reached || place === at ? "done" : "skipped";
  if (place === at) return held ? "held" : "now";
  return place < at ? "done" : "";
}

/** The loop of a case: filled is done, the ring is now, the diamond waits for a person. */
export function loop(one, large = false) {
  const at = one.waits ? WAITS_AT[one.waits] : STAGES.findIndex(([stage]) => stage === one.stage);
  const closed = one.stage === "closed";
  const reached = closed ? reachedBefore(one) : at;
  const items = STAGES.map(([, label], place) => {
    const state = stateOf(place, { at, reached, closed, held: Boolean(one.waits) });
    return el(
      "li",
      { class: state, title: label, "aria-current": place === at && large ? "step" : null },
      large ? label : "",
    );
  });
  if (large) return el("ol", { class: "loop large", "aria-label": "Stages of this case" }, items);
  const said = closed ? "closed" : `stage ${at + 1} of ${STAGES.length}: ${STAGES[at][1]}`;
  return el(
    "div",
    {},
    el("span", { class: "hidden" }, said),
    el("ol", { class: "loop", "aria-hidden": "true" }, items),
  );
}
