/** Files that were created, changed, renamed or deleted; decoys apart from all others. */
import type { AnalysisFacts, TouchedFile } from "@thymus/contracts";
import { clipMiddle, shares, within } from "../bounds.ts";
import { html, type Markup } from "../markup.ts";
import { count, grouped, size, typeWord } from "../words.ts";
import { more, path, scroller, section } from "./section.ts";

const whats = ["created", "changed", "renamed", "deleted"] as const;
const signs: Readonly<Record<TouchedFile["what"], string>> = {
  created: "+",
  changed: "~",
  renamed: "→",
  deleted: "−",
};

export function filesPart({ files }: AnalysisFacts): Markup | null {
  if (files.length === 0) return null;
  const decoys = files.filter((file) => file.decoy);
  const others = files.filter((file) => !file.decoy);
  return section({
    id: "files",
    title: "Files touched",
    gist: whats
      .map((what) => ({ what, number: files.filter((file) => file.what === what).length }))
      .filter(({ number }) => number > 0)
      .map(({ what, number }) => `${grouped(number)} ${what}`)
      .join(", "),
    open: false,
    body: html`${group("Other files", "other files", others)}${group("Decoys", "decoys", decoys)}`,
  });
}

function group(title: string, what: string, files: readonly TouchedFile[]): Markup | null {
  if (files.length === 0) return null;
  const { shown, left } = within(shares.files / 2, files, row);
  return html`<h3>${title} <span class="gist">${count(files.length, "file")}</span></h3>${scroller(
    title,
    html`<table><thead><tr><th scope="col">What</th><th scope="col">Path</th><th scope="col">Kind</th><th scope="col" class="n">Size</th></tr></thead><tbody>${shown}</tbody></table>`,
  )}${more(left, what)}`;
}

const row = (file: TouchedFile): Markup =>
  html`<tr><td class="nowrap"><span class="sign" aria-hidden="true">${signs[file.what]}</span> ${file.what}</td><th scope="row">${path(clipMiddle(file.path, 200))}${
    file.sha256 ? html`<code class="hash">${file.sha256}</code>` : null
  }</th><td>${typeWord(file.type)}</td><td class="n">${file.size === null ? "gone" : size(file.size)}</td></tr>
`;
