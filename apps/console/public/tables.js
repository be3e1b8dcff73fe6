import { recallButton } from "./actions.js";
import { byId, chip, el, number, time, update } from "./dom.js";

const MACHINE = { well: ["Well", "well"], blind: ["Blind", "care"], silent: ["Silent", "care"] };

/** How completely a machine is watched, in words. */
function coverageOf({ coverage }) {
  if (!coverage) return "";
  const compared = coverage.compared
    ? `compared ${new Date(coverage.compared).toLocaleString()}`
    : "not compared yet";
  const gaps = coverage.gaps === 1 ? "1 gap" : `${coverage.gaps} gaps`;
  return [`events by ${coverage.source}`, gaps, compared, coverage.reason].filter(Boolean).join("; ");
}

function machineRow(machine) {
  const [label, tone] = MACHINE[machine.state];
  const analysis = machine.role === "analysis";
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row", title: machine.id },
      machine.hostname,
      analysis ? " " : "",
      analysis ? chip("analysis centre") : "",
    ),
    el("td", { title: coverageOf(machine) }, chip(label, tone), machine.blind ? ` ${machine.blind}` : ""),
    el("td", {}, time(machine.seen)),
    el("td", { class: "number" }, analysis ? "" : number(machine.files)),
    el("td", { class: "number" }, analysis ? "" : number(machine.active)),
    el("td", {}, machine.version),
  );
}

export function showMachines({ machines }) {
  const agents = machines.filter((machine) => machine.role === "agent");
  byId("machines-empty").hidden = agents.length > 0;
  byId("machines-scroll").hidden = machines.length === 0;
  update(byId("machines").tBodies[0], machines, (machine) => machine.id, machineRow);
}

const SCOPE = {
  none: ["Not given yet", ""],
  patient: ["On the first machine", "work"],
  all: ["On every machine", "well"],
};

/** A count of a proof, said whole: the proof on known decoys and on fresh ones. */
function proved(part, whole, freshPart, freshWhole) {
  return `${number(part)} of ${number(whole)} and ${number(freshPart)} of ${number(freshWhole)} fresh`;
}

/** What people call a prescription: its family, and its id where several are of that family. */
function namesOf(prescriptions) {
  const several = Map.groupBy(prescriptions, (one) => one.family);
  const name = ({ id, family }) => {
    if (!family) return id;
    return several.get(family).length === 1 ? family : `${family} (${id.slice(-4)})`;
  };
  return new Map(prescriptions.map((one) => [one.id, name(one)]));
}

/** How far a prescription has come, what took its place and whose place it takes. */
function standing(one) {
  if (one.state === "recalled") return [chip("Recalled", "care")];
  if (one.state === "replaced") return [chip("Replaced"), el("p", { class: "about" }, `by ${one.by}`)];
  const shown = chip(...SCOPE[one.scope]);
  if (one.instead.length === 0) return [shown];
  const word = one.scope === "all" ? "replaces" : "will replace";
  return [shown, el("p", { class: "about" }, `${word} ${one.instead.join(", ")}`)];
}

function prescriptionRow(changed) {
  return (one) => {
    const decoys = one.proof?.decoys;
    const programs = one.proof?.programs;
    const goodware = one.proof?.goodware;
    const { machines, repaired } = one.outcomes;
    return el(
      "tr",
      {},
      el(
        "th",
        { scope: "row", title: one.id },
        one.case ? el("a", { href: `#${one.case}`, "data-focus": "open" }, one.name) : one.name,
      ),
      el("td", {}, ...standing(one)),
      el(
        "td",
        {},
        programs
          ? `${number(programs.detected)} of ${number(programs.samples)} samples`
          : decoys
            ? proved(decoys.detected, decoys.infected, decoys.freshDetected, decoys.freshInfected)
            : "not published",
      ),
      el(
        "td",
        {},
        decoys && !programs
          ? proved(decoys.repaired, decoys.infected, decoys.freshRepaired, decoys.freshInfected)
          : "",
      ),
      el("td", {}, goodware ? `${number(goodware.matches)} of ${number(goodware.files)} files` : ""),
      el(
        "td",
        {},
        `${number(machines)} reported, ${number(repaired)} ${repaired === 1 ? "file" : "files"} restored`,
      ),
      el("td", {}, recallButton(one, changed)),
    );
  };
}

export function showPrescriptions({ prescriptions }, changed) {
  byId("prescriptions-empty").hidden = prescriptions.length > 0;
  byId("prescriptions-scroll").hidden = prescriptions.length === 0;
  const names = namesOf(prescriptions);
  const nameOf = (id) => names.get(id) ?? id;
  // A row shows the names of others too: it is made anew when those change.
  const rows = prescriptions.map((one) => ({
    ...one,
    name: nameOf(one.id),
    by: one.replaced && nameOf(one.replaced.by),
    instead: one.replaces.map(nameOf),
  }));
  update(byId("prescriptions").tBodies[0], rows, (one) => one.id, prescriptionRow(changed));
}
