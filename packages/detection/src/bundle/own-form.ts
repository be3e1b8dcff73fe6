/**
 * The form of rules that this project writes, read so strictly that every character is accounted for: what is told of a rule then
 * holds of it. Anything else, a comment or another blank as well, is no rule of this form.
 */

/** What a condition asks for; `other`: something that is not about strings. */
export type Wanted =
  | { readonly k: "of"; readonly strings: readonly string[]; readonly needed: number }
  | { readonly k: "and" | "or"; readonly all: readonly Wanted[] }
  | { readonly k: "other" };

const OPENING = /^rule \w+ \{$/;
const META = /^ {4}\w+ = (?:"(?:[^"\\\p{Cc}]|\\["\\])*"|\d+|true|false)$/u;
const STRING = /^ {4}\$(\w+) = (.*)$/;
const TEXT = /^"(?:[ !#-[\]-~]|\\[ -~])+"(?: (?:ascii|base64|fullword|nocase|private|wide|xor))*$/;
const HEX = /^\{[0-9A-Fa-f?()|[\] -]+\}$/;
/** No `//` and no slash before a star: those begin comments. */
const EXPRESSION = /^\/(?:[ -)+-.0-[\]-~]|\\[ -~])(?:[ -.0-[\]-~]|\\[ -~])*\/[is]*$/;

const OF = /(all|any|[1-9]\d{0,5}) of \(\$(\w*)\*\)/y;
const ONE = /\$(\w+)/y;
const START = /uint32\(0\) == 0x[0-9A-F]{8}/y;
/** What may follow a term: `$a at 0` is another thing than `$a`. */
const AFTER = /(?= and | or |\)|$)/y;
const MAX_DEPTH = 16;

/** The condition of a rule of this form with the strings, as YARA writes them, that it asks for; null of any other text. */
export function readOwnRule(source: string): Wanted | null {
  const lines = source.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let at = 0;
  const next = (wanted: string) => lines[at] === wanted && at++ >= 0;
  if (!OPENING.test(lines[at++] ?? "")) return null;
  if (next("  meta:")) while (META.test(lines[at] ?? "")) at++;
  const strings = new Map<string, string>();
  if (next("  strings:")) {
    for (let match = STRING.exec(lines[at] ?? ""); match; match = STRING.exec(lines[++at] ?? "")) {
      const [, name, text] = match as unknown as [string, string, string];
      if (strings.has(name) || !(TEXT.test(text) || HEX.test(text) || EXPRESSION.test(text))) return null;
      strings.set(name, text);
    }
  }
  if (!next("  condition:")) return null;
  const condition = lines[at++];
  if (condition === undefined || !next("}") || at !== lines.length) return null;
  return condition.startsWith("    ") ? new Condition(condition.slice(4), strings).read() : null;
}

/** `and` binds closer than `or`; one blank stands on either side of both, and none inside a bracket. */
class Condition {
  readonly #text: string;
  readonly #strings: ReadonlyMap<string, string>;
  #at = 0;

  constructor(text: string, strings: ReadonlyMap<string, string>) {
    this.#text = text;
    this.#strings = strings;
  }

  read(): Wanted | null {
    const wanted = this.#any(0);
    return this.#at === this.#text.length ? wanted : null;
  }

  #any(depth: number): Wanted | null {
    return this.#list("or", () => this.#list("and", () => this.#term(depth)));
  }

  #list(k: "and" | "or", part: () => Wanted | null): Wanted | null {
    const all: Wanted[] = [];
    do {
      const one = part();
      if (one === null) return null;
      all.push(one);
    } while (this.#takes(` ${k} `));
    return all.length === 1 ? all[0]! : { k, all };
  }

  #term(depth: number): Wanted | null {
    if (this.#takes("(")) {
      const inner = depth < MAX_DEPTH ? this.#any(depth + 1) : null;
      return inner !== null && this.#takes(")") && this.#match(AFTER) ? inner : null;
    }
    const wanted = this.#plain();
    return wanted !== null && this.#match(AFTER) ? wanted : null;
  }

  #plain(): Wanted | null {
    if (this.#match(START)) return { k: "other" };
    const of = this.#match(OF);
    if (of !== null) {
      const strings = [...this.#strings].filter(([name]) => name.startsWith(of[2]!)).map(([, text]) => text);
      const needed = of[1] === "all" ? strings.length : of[1] === "any" ? 1 : Number(of[1]);
      return strings.length === 0 ? null : { k: "of", strings, needed };
    }
    const text = this.#strings.get(this.#match(ONE)?.[1] ?? "");
    return text === undefined ? null : { k: "of", strings: [text], needed: 1 };
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }
}
