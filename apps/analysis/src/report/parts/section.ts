/** The frame of every part below the verdict: a heading with its gist, which opens and closes its content. */
import { html, type Markup } from "../markup.ts";
import { grouped } from "../words.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** The section in a few words, to be read while it is closed. */
  readonly gist: string;
  /** Open from the start; on paper everything is open. */
  readonly open: boolean;
  readonly body: Markup;
}

export function section({ id, title, gist, open, body }: Section): Markup {
  return html`<section aria-labelledby="${id}"><details class="part"${open ? html` open` : null}><summary><h2 id="${id}">${title}</h2> <span class="gist">${gist}</span></summary>
<div class="body">${body}</div></details></section>
`;
}

/** Says that a list was cut, and where the rest is. */
export const more = (left: number, what: string): Markup | null =>
  left > 0 ? html`<p class="more">${grouped(left)} more ${what} in <code>facts.json</code>.</p>` : null;

/** A box that may scroll, reachable by keyboard. */
export const scroller = (label: string, body: Markup): Markup =>
  html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">${body}</div>`;

export const path = (text: string): Markup => html`<code class="path">${text}</code>`;
