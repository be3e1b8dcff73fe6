/** What was asked of the network and what was sent. No packet left the chamber. */
import type { AnalysisFacts, NetworkRecord, Theft } from "@thymus/contracts";
import { proven } from "../action.ts";
import { clip, clipMiddle, shares, within } from "../bounds.ts";
import { credentialWord } from "../credentials.ts";
import { html, type Markup } from "../markup.ts";
import { count, seconds, size } from "../words.ts";
import { more, scroller, section } from "./section.ts";

const EXCERPT = 1200;

export function networkPart({ network, thefts, counts }: AnalysisFacts): Markup | null {
  if (network.length === 0) return null;
  const names = new Set(network.flatMap((record) => record.name ?? [])).size;
  const sent = network.reduce((sum, record) => sum + record.bytesOut, 0);
  const taken = thefts.filter(proven);
  const { shown, left } = within(shares.network, network, (record) => row(record, secretsIn(record, taken)));
  return section({
    id: "network",
    title: "Network",
    gist: `${count(Math.max(counts.network, network.length), "exchange")}, ${count(names, "name")} asked for, ${size(sent)} sent`,
    open: false,
    body: html`<p class="hint">A fake internet inside the chamber answered. No packet left it.</p>${scroller(
      "Network",
      html`<table><thead><tr><th scope="col" class="n">Time</th><th scope="col">To</th><th scope="col">What</th><th scope="col" class="n">Sent</th><th scope="col" class="n">Received</th></tr></thead><tbody>${shown}</tbody></table>`,
    )}${more(left + Math.max(0, counts.network - network.length), "exchanges")}`,
  });
}

/** Thefts that were proved by this exchange: both were seen at the same moment. */
export const secretsIn = (record: NetworkRecord, thefts: readonly Theft[]): string[] => [
  ...new Set(
    thefts
      .filter((theft) => Math.abs(theft.t - record.t) < 0.0005)
      .map((theft) => credentialWord(theft.credential)),
  ),
];

function row(record: NetworkRecord, secrets: readonly string[]): Markup {
  const address = record.address ? `${record.address}${record.port ? ` port ${record.port}` : ""}` : "";
  return html`<tr${secrets.length > 0 ? html` class="hit"` : null}><td class="n">${seconds(record.t)}</td><th scope="row"><code>${clipMiddle(record.name ?? record.address, 120)}</code>${
    record.name && address ? html`<br><span class="soft">${address}</span>` : null
  }</th><td><span class="protocol">${record.protocol.toUpperCase()}</span> ${clip(record.what, 200)}${
    secrets.length > 0
      ? html` <strong class="tag">secret left: ${secrets.slice(0, 4).join(", ")}</strong>`
      : null
  }${
    record.excerpt
      ? html`<details class="raw"><summary>What was sent</summary><pre tabindex="0">${clip(record.excerpt, EXCERPT)}</pre></details>`
      : null
  }</td><td class="n">${size(record.bytesOut)}</td><td class="n">${size(record.bytesIn)}</td></tr>
`;
}
