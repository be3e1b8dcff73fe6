/** The top of the page: what it is, how bad, why, what to do, which sample, and the figures. */
import type { AnalysisFacts, ImmunizeReport, Prescription } from "@thymus/contracts";
import { type Action, proven, whatToDo } from "../action.ts";
import { clip, clipMiddle } from "../bounds.ts";
import { html, type Markup } from "../markup.ts";
import {
  chamberWords,
  count,
  grouped,
  infectionWords,
  kinshipWords,
  sentence,
  severityWords,
  size,
  trustWords,
  typeWord,
  verdictWords,
} from "../words.ts";

export function verdictPart(
  report: ImmunizeReport,
  facts: AnalysisFacts,
  prescription: Prescription | null,
): Markup {
  const severity = severityWords[facts.severity];
  const scale = [1, 2, 3, 4].map((step) =>
    step <= severity.level ? html`<i class="on"></i>` : html`<i></i>`,
  );
  return html`<section class="verdict" aria-labelledby="verdict">
<p class="badge"><span class="scale" aria-hidden="true">${scale}</span> <strong>${severity.words}</strong> <span class="kind">${facts.verdict}</span></p>
<h1 id="verdict">${verdictWords[facts.verdict]}</h1>
<p class="lead">${clip(sentence(facts.why), 600)}</p>${doubts(facts)}
<div class="pair">${action(whatToDo(report, facts, prescription))}${identity(report, facts)}</div>
${figures(report, facts)}</section>
`;
}

/** Whoever reads only the top must not miss that the analysis was partly blind. */
function doubts(facts: AnalysisFacts): Markup | null {
  const lost = facts.runs.reduce((sum, run) => sum + run.traceLost, 0);
  const reasons = [
    ...(lost > 0 ? [`${count(lost, "event")} of the trace ${lost === 1 ? "was" : "were"} lost`] : []),
    ...(facts.chamber.trust === "isolated" ? [] : ["the chamber had no kernel of its own"]),
  ];
  return reasons.length > 0
    ? html`<p class="doubt"><strong>Not everything is certain:</strong> ${reasons.join(", and ")}.</p>`
    : null;
}

const marks: Readonly<Record<Action["state"], string>> = { made: "✓", detects: "◐", person: "!", none: "✓" };

function action({ state, title, text, proved, steps, code }: Action): Markup {
  const list = (kind: string, items: readonly string[]) =>
    items.length > 0
      ? html`<ul class="${kind}">${items.map((item) => html`<li>${clip(item, 500)}</li>`)}</ul>`
      : null;
  return html`<section class="action" aria-labelledby="action"><p class="label">What to do now</p>
<h2 id="action"><span class="mark" aria-hidden="true">${marks[state]}</span> ${title}</h2>
<p>${clip(text, 700)}${code ? html` <code>${code}</code>` : null}</p>${list("proved", proved)}${list("steps", steps)}</section>`;
}

const entry = (name: string, value: Markup): Markup => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function identity(report: ImmunizeReport, facts: AnalysisFacts): Markup {
  const { sample, chamber } = facts;
  return html`<section class="identity" aria-labelledby="sample"><h2 class="label" id="sample">The sample</h2><dl>${[
    entry("Name", html`<code>${clipMiddle(facts.name, 120)}</code>`),
    entry("Kind", html`${typeWord(sample.type)}, ${size(sample.size)}`),
    entry("SHA-256", html`<code class="hash">${sample.sha256}</code>`),
    ...(facts.family ? [entry("Family", html`<code>${facts.family}</code>`)] : []),
    ...(report.kinship ? [entry("Kin", html`${kinshipWords(report.kinship)}`)] : []),
    ...(report.infection ? [entry("Infection", html`${infectionWords(report.infection)}`)] : []),
    entry(
      "Chamber",
      html`${chamberWords[chamber.kind]}; <span class="${chamber.trust}">${trustWords[chamber.trust]}</span>`,
    ),
  ]}</dl></section>`;
}

function figures(report: ImmunizeReport, facts: AnalysisFacts): Markup {
  const { counts } = facts;
  const stolen = new Set(facts.thefts.filter(proven).map((theft) => theft.path)).size;
  const figure = (value: string, label: string, loud = false) =>
    html`<div${loud ? html` class="loud"` : null}><dt>${label}</dt><dd>${value}</dd></div>`;
  return html`<dl class="figures">${[
    figure(
      `${grouped(counts.changed + counts.missing)}`,
      `of ${grouped(counts.decoys)} decoys changed or gone`,
      counts.changed + counts.missing > 0,
    ),
    figure(grouped(counts.files), counts.files === 1 ? "file touched" : "files touched"),
    figure(grouped(counts.processes), counts.processes === 1 ? "process" : "processes"),
    figure(grouped(counts.network), counts.network === 1 ? "network exchange" : "network exchanges"),
    figure(grouped(stolen), stolen === 1 ? "secret stolen" : "secrets stolen", stolen > 0),
    figure(`${report.seconds.total.toFixed(1)} s`, "for the whole analysis"),
  ]}</dl>`;
}
