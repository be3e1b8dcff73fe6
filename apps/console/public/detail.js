import { decisions } from "./actions.js";
import { analysis, fact } from "./analysis.js";
import { call } from "./api.js";
import { byId, chip, el, number, time } from "./dom.js";
import { loop, sentence, tone } from "./loop.js";

function howCommon({ machines, of }) {
  const said = `${number(of)} ${of === 1 ? "machine that tells what it holds" : "machines that tell what they hold"}`;
  return machines === 0
    ? `a package file on none of ${said}`
    : `a package file on ${number(machines)} of ${said}`;
}

function facts(one, hostOf) {
  return el(
    "dl",
    { class: "facts card" },
    fact("Machine", hostOf(one.machine)),
    fact("Suspicion", `${Math.round(one.score * 100)} of 100`),
    one.verdict ? fact("Verdict", one.verdict) : [],
    one.family ? fact("Family", one.family) : [],
    one.prescription ? fact("Prescription", el("code", {}, one.prescription)) : [],
    one.fleet ? fact("In the fleet", howCommon(one.fleet)) : [],
    fact("Sample", el("code", {}, one.sample.sha256), ` (${number(one.sample.size)} bytes)`),
    fact("Opened", time(one.opened)),
    fact("Case", el("code", {}, one.id)),
  );
}

function history(one, hostOf) {
  const items = one.history.map((entry) =>
    el(
      "li",
      {},
      entry.what,
      el(
        "span",
        { class: "meta" },
        entry.stage,
        " · ",
        entry.machine ? `${hostOf(entry.machine)} · ` : "",
        time(entry.at),
      ),
    ),
  );
  return el("ol", { class: "history" }, items);
}

/** Shows one case in full. @returns false where there is none of that id */
export async function showDetail(id, hostOf, changed) {
  const [one, report] = await Promise.all([
    call(`cases/${encodeURIComponent(id)}`),
    call(`cases/${encodeURIComponent(id)}/report`).catch(() => null),
  ]);
  const place = byId("detail");
  const shown = JSON.stringify([one, report]);
  if (place.shown === shown) return one;
  place.shown = shown;
  const focus = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  place.replaceChildren(
    el("a", { href: "#overview", "data-focus": "back" }, "Back to the overview"),
    el(
      "h1",
      { id: "detail-title", tabindex: "-1" },
      one.sample.name,
      " ",
      chip(one.stage === "person" ? "waits for you" : one.stage, tone(one)),
    ),
    el("p", { class: "lead" }, sentence(one)),
    decisions(one, changed) ?? "",
    loop(one, true),
    facts(one, hostOf),
    ...analysis(report),
    el("h2", {}, "History"),
    history(one, hostOf),
  );
  if (focus) place.querySelector(`[data-focus="${focus}"]`)?.focus();
  return one;
}
