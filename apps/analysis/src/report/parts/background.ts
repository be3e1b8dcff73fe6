/** What stands behind the verdict: techniques, runs, and what the analysis could not see. */
import type { AnalysisFacts, Behaviour, ImmunizeReport, RunFacts } from "@thymus/contracts";
import { techniqueName, techniqueUrl } from "../attack.ts";
import { clip, shares, within } from "../bounds.ts";
import { html, type Markup } from "../markup.ts";
import { count, endedWords, grouped, seconds } from "../words.ts";
import { more, scroller, section } from "./section.ts";

export function techniquesPart({ behaviour }: AnalysisFacts): Markup | null {
  if (behaviour.length === 0) return null;
  const { shown, left } = within(shares.behaviour, behaviour, technique);
  const different = new Set(behaviour.map((each) => each.technique)).size;
  return section({
    id: "techniques",
    title: "Techniques",
    gist: `${count(different, "technique")} of MITRE ATT&CK`,
    open: false,
    body: html`${scroller(
      "Techniques",
      html`<table><thead><tr><th scope="col">Technique</th><th scope="col">What it did</th><th scope="col">Evidence</th></tr></thead><tbody>${shown}</tbody></table>`,
    )}${more(left, "rows")}`,
  });
}

function technique({ technique: id, what, evidence }: Behaviour): Markup {
  const name = techniqueName(id);
  return html`<tr><th scope="row"><strong>${id}</strong>${name ? html` ${name}` : null}<br><span class="soft">${techniqueUrl(id).replace("https://", "")}</span></th><td>${clip(what, 300)}</td><td>${clip(evidence, 300)}</td></tr>
`;
}

export function runsPart({ runs, chamber }: AnalysisFacts, report: ImmunizeReport): Markup | null {
  if (runs.length === 0) return null;
  const { shown, left } = within(shares.runs, runs, run);
  const { seconds: took } = report;
  return section({
    id: "runs",
    title: "Runs and conditions",
    gist: `${count(runs.length, "run")}, ${took.chamber.toFixed(1)} s in the chamber`,
    open: false,
    body: html`${scroller(
      "Runs",
      html`<table><thead><tr><th scope="col">Run</th><th scope="col">End</th><th scope="col" class="n">Time</th><th scope="col" class="n">Events</th><th scope="col" class="n">Lost</th><th scope="col" class="n">Decoys changed</th></tr></thead><tbody>${shown}</tbody></table>`,
    )}${more(left, "runs")}<p class="hint">Seconds: chamber ${took.chamber.toFixed(1)}, signature ${took.signature.toFixed(1)}, proof ${took.proof.toFixed(1)}, in all ${took.total.toFixed(1)}. Chamber image <code class="hash">${chamber.image}</code></p>`,
  });
}

function run(facts: RunFacts): Markup {
  const status = facts.exitStatus === null ? "" : `, status ${facts.exitStatus}`;
  return html`<tr><th scope="row">${clip(facts.label, 128)}</th><td>${endedWords[facts.ended]}${status}</td><td class="n">${seconds(facts.seconds)}</td><td class="n">${grouped(facts.traceEvents)}</td><td class="n">${grouped(facts.traceLost)}</td><td class="n">${grouped(facts.changedDecoys)}</td></tr>
`;
}

/** What a reader must know before relying on the page; never folded. */
export function limitsPart(facts: AnalysisFacts): Markup | null {
  const limits = limitsOf(facts);
  if (limits.length === 0) return null;
  return html`<section class="limits" aria-labelledby="limits"><h2 id="limits">Limits of this analysis</h2><ul>${limits.map((limit) => html`<li>${limit}</li>`)}</ul></section>
`;
}

export function limitsOf({ runs, counts, chamber, ...facts }: AnalysisFacts): string[] {
  const limits: string[] = [];
  const lost = runs.reduce((sum, each) => sum + each.traceLost, 0);
  if (lost > 0)
    limits.push(
      `${count(lost, "event")} of the trace ${lost === 1 ? "was" : "were"} lost: what is not listed may still have happened.`,
    );
  const late = runs.filter((each) => each.ended !== "exited").length;
  if (late > 0)
    limits.push(
      `In ${late} of ${count(runs.length, "run")} the sample did not end by itself: it may do more later.`,
    );
  if (chamber.trust === "shared-kernel")
    limits.push(
      "The chamber shared its host's kernel: a sample that attacks the kernel could have forged what is said here.",
    );
  const cut = [
    [counts.processes - facts.processes.length, "process", "processes"],
    [counts.files - facts.files.length, "file", "files"],
    [counts.network - facts.network.length, "network exchange", "network exchanges"],
  ] as const;
  const missing = cut.filter(([number]) => number > 0).map(([number, one, many]) => count(number, one, many));
  if (missing.length > 0) limits.push(`Counted, but not kept in the lists: ${missing.join(", ")}.`);
  if (facts.verdict === "harmless")
    limits.push("Harmless means: under these conditions it did nothing that counts against it.");
  return limits;
}
