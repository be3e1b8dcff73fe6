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
  const { shown, left } = within(shares.network, network, (record) => row(record, theftsOf(record, taken)));
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

/** Thefts that this exchange proved: both were seen at the same moment. */
const theftsOf = (record: NetworkRecord, thefts: readonly Theft[]): Theft[] =>
  thefts.filter((theft) => Math.abs(theft.t - record.t) < 0.0005);

function secrets(thefts: readonly Theft[], how: Theft["how"], words: string): Markup | null {
  const kinds = [...new Set(thefts.filter((theft) => theft.how === how).map((theft) => theft.credential))];
  if (kinds.length === 0) return null;
  return html` <strong class="tag">${words}: ${kinds.slice(0, 4).map(credentialWord).join(", ")}</strong>`;
}

function row(record: NetworkRecord, thefts: readonly Theft[]): Markup {
  const host = record.address.includes(":") ? `[${record.address}]` : record.address;
  const address = record.address && record.port ? `${host}:${record.port}` : host;
  return html`<tr${thefts.length > 0 ? html` class="hit"` : null}><td class="n">${seconds(record.t)}</td><th scope="row" class="peer"><code>${clipMiddle(record.name ?? address, 120)}</code>${
    record.name && address ? html`<br><span class="soft">${address}</span>` : null
  }</th><td><span class="protocol">${record.protocol.toUpperCase()}</span> ${clip(record.what, 200)}${secrets(thefts, "sent", "secret left")}${secrets(thefts, "used", "secret used")}${
    record.excerpt
      ? html`<details class="raw"><summary>What was sent</summary><pre tabindex="0">${clip(record.excerpt, EXCERPT)}</pre></details>`
      : null
  }</td><td class="n">${size(record.bytesOut)}</td><td class="n">${size(record.bytesIn)}</td></tr>
`;
}
