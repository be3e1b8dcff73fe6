/** How decoys were changed: each changed place with what stood around it, as text where it is text and in hex. */
import type { AnalysisFacts, DecoyDiff, DiffHunk } from "@thymus/contracts";
import { clipMiddle, shares, within } from "../bounds.ts";
import { hexRows, ROW, readable } from "../hex.ts";
import { html, type Markup } from "../markup.ts";
import { count, grouped, size, typeWord } from "../words.ts";
import { more, path, scroller, section } from "./section.ts";

/** Unchanged content that is shown on each side: rows of bytes, or lines of text. */
const CONTEXT_ROWS = 3;
const CONTEXT_LINES = 4;
/** Rows or lines of one change that are shown unfolded, and the most that are shown at all. */
const OPEN_ROWS = 10;
const MOST_ROWS = 32;

export function decoysPart({ diffs, counts }: AnalysisFacts): Markup | null {
  if (diffs.length === 0) return null;
  const { shown, left } = within(shares.diffs, diffs, decoy);
  return section({
    id: "decoys",
    title: "How decoys were changed",
    gist: `${grouped(counts.changed)} of ${count(counts.decoys, "decoy")} changed, ${grouped(counts.missing)} gone; ${grouped(diffs.length)} shown`,
    open: true,
    body: html`<p class="hint">A plus marks bytes that were put in, a minus bytes that were taken out; the rest stood there before. Offsets count in the file as it was, those of inserted bytes from the place of the insertion.</p>${shown}${more(left, "decoys")}`,
  });
}

function decoy({ path: name, type, hunks }: DecoyDiff, index: number): Markup {
  const inserted = hunks.reduce((sum, hunk) => sum + hunk.insertedLength, 0);
  const removed = hunks.reduce((sum, hunk) => sum + hunk.removedLength, 0);
  return html`<details class="decoy"${index === 0 ? html` open` : null}><summary><h3>${path(clipMiddle(name, 160))}</h3> <span class="gist">${typeWord(type)}; ${count(hunks.length, "place")}, ${size(inserted)} in, ${size(removed)} out</span></summary>${hunks.map(hunkPart)}</details>
`;
}

function hunkPart(hunk: DiffHunk): Markup {
  const { before, removed, inserted, after } = hunk;
  const dump = scroller(`Bytes at ${hunk.at}`, show(hunk, hexLines));
  const isText = [before, removed, inserted, after].every((part) => readable(part) !== null);
  return html`<h4>${placed(hunk)}</h4>${
    isText
      ? html`${scroller(`Text at ${hunk.at}`, show(hunk, textLines))}<details class="raw"><summary>The same bytes in hex</summary>${dump}</details>`
      : dump
  }`;
}

type Lines = (hex: string, offset: number, change: Change) => Markup[];

function show(hunk: DiffHunk, lines: Lines): Markup {
  const context = lines === hexLines ? CONTEXT_ROWS : CONTEXT_LINES;
  // Whole rows from the right end, so that the row before the change is a full one.
  const before = lines === hexLines ? hunk.before.slice(-CONTEXT_ROWS * ROW * 2) : hunk.before;
  return html`<div class="diff">${[
    ...lines(before, hunk.at - before.length / 2, "same").slice(-context),
    block(lines(hunk.removed, hunk.at, "out"), hunk.removedLength - hunk.removed.length / 2, "removed"),
    block(lines(hunk.inserted, 0, "in"), hunk.insertedLength - hunk.inserted.length / 2, "inserted"),
    ...lines(hunk.after, hunk.at + hunk.removedLength, "same").slice(0, context),
  ]}</div>`;
}

function placed({ at, removedLength, insertedLength }: DiffHunk): string {
  const where = at === 0 ? "At the start" : `At byte ${grouped(at)}`;
  const what = [
    insertedLength > 0 ? `${count(insertedLength, "byte")} inserted` : "",
    removedLength > 0 ? `${count(removedLength, "byte")} removed` : "",
  ].filter(Boolean);
  return `${where}: ${what.join(", ") || "nothing changed"}`;
}

type Change = "same" | "in" | "out";
const signs: Readonly<Record<Change, string>> = { same: "\u00a0", in: "+", out: "−" };

const line = (change: Change, body: Markup): Markup =>
  html`<div class="${change}"><span class="sign">${signs[change]}</span>${body}</div>
`;

function hexLines(hex: string, from: number, change: Change): Markup[] {
  return hexRows(hex, from).map(({ left, right, text, offset }) =>
    line(
      change,
      html`<code class="hex"><span class="at">${change === "in" ? "+" : ""}${offset.toString(16).padStart(4, "0")}</span><span class="bytes"><span>${left}</span> <span>${right}</span></span><span class="text"><span>${text.slice(0, 8)}</span><span>${text.slice(8)}</span></span></code>`,
    ),
  );
}

function textLines(hex: string, _from: number, change: Change): Markup[] {
  const text = readable(hex) ?? "";
  if (text === "") return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((each) => line(change, html`<code>${each.replace(/\r$/, "␍") || " "}</code>`));
}

/** The start of a long change, the rest folded, and how many bytes of it were never kept. */
function block(lines: readonly Markup[], missing: number, what: string): Markup {
  const open = lines.length <= OPEN_ROWS + 2 ? lines : lines.slice(0, OPEN_ROWS);
  const rest = lines.slice(open.length, MOST_ROWS);
  const cut = missing > 0 || lines.length > MOST_ROWS;
  return html`${open}${
    rest.length > 0
      ? html`<details class="rest"><summary>${count(rest.length, "further line")} ${what}</summary>${rest}</details>`
      : null
  }${cut ? html`<p class="more">${missing > 0 ? `${count(missing, "further byte")} ${what}, not kept here.` : `The rest is in facts.json.`}</p>` : null}`;
}
