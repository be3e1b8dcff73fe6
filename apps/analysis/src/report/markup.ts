/** HTML that is safe by construction: only the literals of `html` are markup; whatever is put between them is text. */

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Escapes text for HTML. Control, direction and line-separating characters and lone surrogates become visible, and so
 * does a pile of combining marks, which would be drawn over its neighbours.
 */
export const escapeHtml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[&<>"']/g, (character) => escapes[character]!)
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, "\ufffd")
    .replace(/(\p{M}{3})\p{M}+/gu, "$1\ufffd");

class SafeMarkup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
/** A piece of a page. Only `html` makes one. */
export type Markup = SafeMarkup;

type Piece = string | number | Markup | readonly Markup[] | null | undefined | false;

function textOf(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return "";
  if (piece instanceof SafeMarkup) return piece.text;
  if (typeof piece === "string") return escapeHtml(piece);
  if (typeof piece === "number") return String(piece);
  return piece.map((each) => each.text).join("");
}

/** Template tag: strings between the literals are escaped, markup is kept, nothing stands for null and false. */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let text = literals[0]!;
  for (const [index, piece] of pieces.entries()) text += textOf(piece) + literals[index + 1]!;
  return new SafeMarkup(text);
}
