import { decisions } from "./actions.js";
import { byId, chip, el, number, time, update } from "./dom.js";
import { loop, sentence, tone } from "./loop.js";

const count = (value, one, many) => `${number(value)} ${value === 1 ? one : many}`;

function state({ state, stages, machines }) {
  const open = Object.entries(stages).reduce(
    (sum, [stage, cases]) => sum + (stage === "closed" ? 0 : cases),
    0,
  );
  const watched = `${count(machines.agents, "machine is", "machines are")} watched`;
  const care = [
    machines.blind ? `${count(machines.blind, "machine is", "machines are")} blind` : "",
    machines.silent ? `${count(machines.silent, "is", "are")} silent` : "",
    machines.analysis ? "" : "no analysis centre has joined",
  ].filter(Boolean);
  const rest = care.length > 0 ? ` ${care.join(", ")}.` : "";
  if (state === "person") {
    return [
      "You are asked",
      `${count(stages.person, "case waits", "cases wait")} for your decision; ${watched}.${rest}`,
    ];
  }
  if (state === "healing") {
    return [
      "Healing by itself",
      `${count(open, "case is", "cases are")} on the way through the loop; ${watched}.${rest}`,
    ];
  }
  if (machines.agents === 0) return ["Ready", "No machine is protected yet. Add the first one below."];
  if (care.length > 0) return ["Nothing infected, but look", `${watched}.${rest}`];
  return ["All is well", `${watched}, and nothing suspicious is open.`];
}

export function showOverview(overview) {
  const [title, text] = state(overview);
  const hero = byId("hero");
  const { machines } = overview;
  const trouble = machines.blind || machines.silent || machines.agents === 0;
  hero.dataset.state = overview.state === "well" && trouble ? "waiting" : overview.state;
  byId("state-title").textContent = title;
  byId("state-text").textContent = text;
  document.title = overview.state === "person" ? `(${overview.stages.person}) Thymus` : "Thymus";
  byId("version").textContent = `Thymus ${overview.version}`;
  const figures = [
    ["Machines", machines.agents],
    ["Prescriptions", overview.prescriptions.active],
    ["Cases closed", overview.stages.closed],
  ];
  const entries = figures.map(([term, value]) =>
    el("div", {}, el("dt", {}, term), el("dd", {}, number(value))),
  );
  byId("figures").replaceChildren(...entries);
}

function caseItem(hostOf, changed) {
  return (one) => {
    const about = [hostOf(one.machine), one.family ?? one.verdict].filter(Boolean).join(", ");
    const link = el("a", { href: `#${one.id}`, "data-focus": "open" }, one.sample.name);
    return el(
      "li",
      { class: "case" },
      el("h3", {}, link, " ", chip(one.waits ? "waits for you" : sentence(one), tone(one))),
      el("p", { class: "about" }, `${one.waits ? `${sentence(one)} · ` : ""}${about} · `, time(one.changed)),
      loop(one),
      decisions(one, changed),
    );
  };
}

/** Cases that wait for a person come first, in a list of their own. */
export function showCases({ cases, next }, hostOf, changed) {
  const waiting = cases.filter((one) => one.waits);
  const others = cases.filter((one) => !one.waits);
  byId("waiting").hidden = waiting.length === 0;
  byId("cases-empty").hidden = cases.length > 0;
  const make = caseItem(hostOf, changed);
  update(byId("waiting-list"), waiting, (one) => one.id, make);
  update(byId("cases-list"), others, (one) => one.id, make);
  byId("cases-more").hidden = next === null;
}
