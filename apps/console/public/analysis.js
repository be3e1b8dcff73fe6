import { chip, el, number } from "./dom.js";

const VERDICTS = {
  infector: "It infects other programs",
  ransomware: "It encrypts files for ransom",
  wiper: "It destroys files",
  dropper: "It plants other programs",
  worm: "It spreads to other machines",
  thief: "It steals secrets",
  harmless: "It harmed nothing",
  unknown: "It is not understood",
};

export const fact = (term, ...value) => [el("dt", {}, term), el("dd", {}, ...value)];

/** What the analysis says of the sample, and how far that can be relied on. */
function said(report) {
  if (!report.why) return [];
  const { infection, secondGeneration: second, repair } = report;
  return [
    el("h2", {}, "What the analysis says"),
    el("p", {}, el("strong", {}, VERDICTS[report.verdict] ?? report.verdict), `: ${report.why}`),
    el(
      "dl",
      { class: "facts card" },
      fact("Severity", report.severity),
      infection
        ? fact("Infection", `${infection.mechanism}, into ${infection.targets.join(", ") || "no known kind"}`)
        : [],
      second && second.runs > 0
        ? fact(
            "Replication",
            second.infected > 0
              ? `its infected files infected ${number(second.infected)} more`
              : "its infected files infected none",
          )
        : [],
      repair?.why ? fact("Repair", repair.why) : [],
      fact(
        "Chamber",
        report.chamber,
        report.trust === "isolated" ? ", isolated" : [" ", chip("shares a kernel", "care")],
      ),
    ),
  ];
}

function behaviour(report) {
  if (!report.behaviour?.length) return [];
  const items = report.behaviour.map((seen) =>
    el("li", {}, `${seen.what} `, chip(seen.technique), el("span", { class: "meta" }, seen.evidence)),
  );
  return [el("h2", {}, "What it did in the chamber"), el("ul", { class: "history" }, items)];
}

function proof(report) {
  const shown = report.proof;
  if (!shown) return [];
  return [
    el("h2", {}, "Proof"),
    el(
      "dl",
      { class: "facts card" },
      ...(shown.programs
        ? [fact("Samples found", `${number(shown.programs.detected)} of ${number(shown.programs.samples)}`)]
        : [
            fact("Decoys found", `${number(shown.detected)} of ${number(shown.infected)}`),
            fact("Decoys restored", `${number(shown.repaired)} of ${number(shown.infected)}`),
            fact(
              "Fresh decoys",
              `${number(shown.freshDetected)} of ${number(shown.freshInfected)} found, ${number(shown.freshRepaired)} restored`,
            ),
          ]),
      fact("Goodware", `${number(shown.falsePositives)} matches in ${number(shown.goodwareFiles)} files`),
    ),
  ];
}

/** The parts of a case's detail that come from its report; none while there is no report. */
export const analysis = (report) => (report ? [...said(report), ...proof(report), ...behaviour(report)] : []);
