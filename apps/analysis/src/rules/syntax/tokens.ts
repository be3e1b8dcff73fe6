/** Tokens read ahead, as the parsers want them. */
import { Lexer, SyntaxFault, type Token, type TokenKind } from "./lexer.ts";

/** Deeper nesting than any person writes. */
const MAX_DEPTH = 100;

export class Tokens {
  readonly #list: Token[] = [];
  readonly #lexer: Lexer;
  #at = 0;
  #depth = 0;

  constructor(text: string, at = 0) {
    this.#lexer = new Lexer(text, at);
  }

  peek(ahead = 0): Token {
    while (this.#list.length <= this.#at + ahead) this.#list.push(this.#lexer.next());
    return this.#list[this.#at + ahead]!;
  }

  take(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === "word" || token.kind === "sign");
  }

  /** Takes the word or sign if it is next. */
  skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at++;
    return true;
  }

  /** @throws SyntaxFault */
  expect(text: string): Token {
    if (!this.is(text)) throw this.fault(`expected \`${text}\``);
    return this.take();
  }

  /** @throws SyntaxFault */
  expectKind(kind: TokenKind, what: string): Token {
    if (this.peek().kind !== kind) throw this.fault(`expected ${what}`);
    return this.take();
  }

  fault(message: string): SyntaxFault {
    const { kind, text, start } = this.peek();
    const found = kind === "end" ? "the end of the file" : `\`${text.slice(0, 40)}\``;
    return new SyntaxFault(`${message}, found ${found}`, start);
  }

  mark(): number {
    return this.#at;
  }

  back(mark: number): void {
    this.#at = mark;
  }

  /** Runs one level of nesting. @throws SyntaxFault where there are too many */
  nested<T>(parse: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw this.fault(`more than ${MAX_DEPTH} levels of nesting`);
    this.#depth++;
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }
}
