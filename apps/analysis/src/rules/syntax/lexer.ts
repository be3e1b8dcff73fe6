/** Words of a rule text. `/` always opens a regular expression or a comment: YARA divides by `\`. */
import type { Place } from "./ast.ts";

export type TokenKind = "word" | "number" | "text" | "regex" | "hex" | "pattern" | "sign" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** Of a text, regular expression or hex pattern: what is inside. */
  readonly text: string;
  /** Flags of a regular expression. */
  readonly flags: string;
  readonly start: number;
  readonly end: number;
}

/** Where and why a text is no rule. */
export class SyntaxFault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const signs = ["..", "==", "!=", "<=", ">=", "<<", ">>"];
const single = "(){}[]:=,.<>+-*\\%&|^~";
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0x[0-9A-Fa-f]+|0o[0-7]+|[0-9]+(?:\.[0-9]+)?(?:KB|MB)?/y;
const PATTERN = /[$#@!][A-Za-z0-9_]*\*?/y;

export class Lexer {
  readonly #text: string;
  #at: number;
  #last: Token | null = null;

  constructor(text: string, at = 0) {
    this.#text = text;
    this.#at = at;
  }

  /** @throws SyntaxFault */
  next(): Token {
    this.#skip();
    const start = this.#at;
    const token = this.#read(start);
    this.#at = token.end;
    this.#last = token;
    return token;
  }

  #read(start: number): Token {
    const text = this.#text;
    const first = text[start];
    if (first === undefined) return make("end", "", start, start);
    if (first === '"') return this.#quoted(start);
    if (first === "/") return this.#regex(start);
    // A brace opens a hex pattern only behind the `=` of a pattern.
    if (first === "{" && this.#last?.text === "=" && this.#last.kind === "sign") return this.#hex(start);
    const two = text.slice(start, start + 2);
    for (const [kind, expression] of [
      ["word", WORD],
      ["number", NUMBER],
    ] as const) {
      const found = matchAt(expression, text, start);
      if (found !== null) return make(kind, found, start, start + found.length);
    }
    if (two !== "!=" && "$#@!".includes(first)) {
      const found = matchAt(PATTERN, text, start)!;
      return make("pattern", found, start, start + found.length);
    }
    if (signs.includes(two)) return make("sign", two, start, start + 2);
    if (single.includes(first)) return make("sign", first, start, start + 1);
    throw new SyntaxFault(`unexpected character ${JSON.stringify(first)}`, start);
  }

  #skip(): void {
    const text = this.#text;
    for (;;) {
      while (/\s|\ufeff/.test(text[this.#at] ?? "x")) this.#at++;
      if (text.startsWith("//", this.#at)) this.#at = endOr(text.indexOf("\n", this.#at), text.length);
      else if (text.startsWith("/*", this.#at)) {
        const end = text.indexOf("*/", this.#at + 2);
        if (end < 0) throw new SyntaxFault("a comment that never ends", this.#at);
        this.#at = end + 2;
      } else return;
    }
  }

  #quoted(start: number): Token {
    const end = closing(this.#text, start + 1, '"');
    if (end < 0) throw new SyntaxFault("a text without its closing quote", start);
    return make("text", this.#text.slice(start + 1, end), start, end + 1);
  }

  #regex(start: number): Token {
    const end = closing(this.#text, start + 1, "/");
    if (end < 0) throw new SyntaxFault("a regular expression without its closing slash", start);
    const flags = matchAt(/[is]*/y, this.#text, end + 1) ?? "";
    return {
      ...make("regex", this.#text.slice(start + 1, end), start, end + 1 + flags.length),
      flags,
    };
  }

  #hex(start: number): Token {
    const end = this.#text.indexOf("}", start);
    if (end < 0) throw new SyntaxFault("a hex pattern without its closing brace", start);
    return make("hex", this.#text.slice(start + 1, end), start, end + 1);
  }
}

const make = (kind: TokenKind, text: string, start: number, end: number): Token => ({
  kind,
  text,
  flags: "",
  start,
  end,
});

const endOr = (at: number, otherwise: number) => (at < 0 ? otherwise : at);

function matchAt(expression: RegExp, text: string, at: number): string | null {
  expression.lastIndex = at;
  return expression.exec(text)?.[0] ?? null;
}

/** Place of the closing sign on the same line, escapes passed over; -1 where there is none. */
function closing(text: string, from: number, sign: string): number {
  for (let at = from; at < text.length; at++) {
    const here = text[at];
    if (here === "\n") return -1;
    if (here === "\\") at++;
    else if (here === sign) return at;
  }
  return -1;
}

/** Turns offsets into lines and columns. */
export class Places {
  readonly #starts: number[] = [0];
  constructor(text: string) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  of(offset: number): Place {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1 };
  }

  /** Offset of a place; the end of the text where the line is none. */
  offset({ line, column }: Place): number {
    return (this.#starts[line - 1] ?? Number.POSITIVE_INFINITY) + column - 1;
  }
}
