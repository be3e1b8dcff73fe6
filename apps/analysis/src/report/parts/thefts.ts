/** Secrets that were taken, and how that is proved. */
import type { AnalysisFacts, Theft } from "@thymus/contracts";
import { thefts as provenOf } from "../action.ts";
import { clip, clipMiddle, shares, within } from "../bounds.ts";
import { credentialWord } from "../credentials.ts";
import { html, type Markup } from "../markup.ts";
import { count, seconds } from "../words.ts";
import { more, path, scroller, section } from "./section.ts";

function howWords({ how, to, rightful }: Theft): string {
  if (how === "read") return rightful ? "read by the tool that keeps it there" : "read: no theft by itself";
  const where = to ? clipMiddle(to, 80) : rightful ? "its own service" : "somebody";
  if (how === "used") return `used: shown to ${where}${rightful && to ? ", its own service" : ""}`;
  return `sent: it left for ${where}`;
}

export function theftsPart(facts: AnalysisFacts): Markup | null {
  const all = facts.thefts;
  if (all.length === 0) return null;
  const proved = new Set(provenOf(facts));
  const rest = all.filter((theft) => !proved.has(theft));
  // What is proved comes first, and so is never what the limit cuts off.
  const { shown, left } = within(shares.thefts, [...proved, ...rest], (theft) =>
    row(theft, proved.has(theft)),
  );
  return section({
    id: "thefts",
    title: "Secrets",
    gist:
      proved.size > 0
        ? `${count(proved.size, "theft")} proved${rest.length > 0 ? `, ${rest.length} only seen` : ""}`
        : `${count(all.length, "secret")} seen, no theft proved`,
    open: proved.size > 0,
    body: html`<p class="hint">Each secret was made for this run alone. Nobody else knows it, so that its use or leaving proves a theft.</p>${scroller(
      "Secrets",
      html`<table><thead><tr><th scope="col">Secret</th><th scope="col">How</th><th scope="col">Evidence</th><th scope="col" class="n">Time</th></tr></thead><tbody>${shown}</tbody></table>`,
    )}${more(left, "secrets")}`,
  });
}

const row = (theft: Theft, proved: boolean): Markup =>
  html`<tr${proved ? html` class="hit"` : null}><th scope="row">${credentialWord(theft.credential)}<br>${path(clipMiddle(theft.path, 160))}</th><td>${howWords(theft)}</td><td>${clip(theft.evidence, 300)}</td><td class="n">${seconds(theft.t)}</td></tr>
`;
