/** Secrets that were taken, and how that is proved. */
import type { AnalysisFacts, Theft } from "@thymus/contracts";
import { proven } from "../action.ts";
import { clip, clipMiddle, shares, within } from "../bounds.ts";
import { credentialWord } from "../credentials.ts";
import { html, type Markup } from "../markup.ts";
import { count, seconds } from "../words.ts";
import { more, path, scroller, section } from "./section.ts";

const hows: Readonly<Record<Theft["how"], string>> = {
  read: "read: no theft by itself",
  sent: "sent: it left",
  used: "used: somebody logged in with it",
};

export function theftsPart({ thefts }: AnalysisFacts): Markup | null {
  if (thefts.length === 0) return null;
  const taken = thefts.filter(proven).length;
  // What is proved comes first, and so is never what the limit cuts off.
  const order = [...thefts].sort((a, b) => Number(proven(b)) - Number(proven(a)));
  const { shown, left } = within(shares.thefts, order, row);
  return section({
    id: "thefts",
    title: "Secrets",
    gist:
      taken > 0
        ? `${count(taken, "theft")} proved${thefts.length > taken ? `, ${thefts.length - taken} only read` : ""}`
        : `${count(thefts.length, "secret")} read, no theft proved`,
    open: taken > 0,
    body: html`<p class="hint">Each secret was made for this run alone. Nobody else knows it, so that its use or leaving proves a theft.</p>${scroller(
      "Secrets",
      html`<table><thead><tr><th scope="col">Secret</th><th scope="col">How</th><th scope="col">Evidence</th><th scope="col" class="n">Time</th></tr></thead><tbody>${shown}</tbody></table>`,
    )}${more(left, "secrets")}`,
  });
}

const row = (theft: Theft): Markup =>
  html`<tr${proven(theft) ? html` class="hit"` : null}><th scope="row">${credentialWord(theft.credential)}<br>${path(clipMiddle(theft.path, 160))}</th><td>${hows[theft.how]}</td><td>${clip(theft.evidence, 300)}</td><td class="n">${seconds(theft.t)}</td></tr>
`;
