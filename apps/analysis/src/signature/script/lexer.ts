import type { FileType } from "@thymus/contracts";

export type WordKind = "name" | "number" | "text" | "mark";

/** One word of a script, without blanks and comments. */
export interface Word {
  readonly kind: WordKind;
  /** As it is written. */
  readonly raw: string;
  /** Content of a text, its parts put together; a number in decimal; else as written. */
  readonly value: string;
  /** How the parts of a text are put together, where it has several: `" + "`. */
  readonly joints: readonly string[];
  /** What stands between the word before and this one. */
  readonly before: Gap;
}

/** Between two words: nothing, blanks, an end of statement (new lines, `;`), or a comment. */
export type Gap = "none" | "blank" | "end" | "comment";

/** Reads script text by what is common to shells, Python, JavaScript, Perl and PHP; never throws, whatever it is given. */
export function words(source: string, type: FileType): Word[] {
  return joined(scan(source, type), type);
}

interface Raw {
  kind: WordKind;
  raw: string;
  before: Gap;
  space: string;
}

const NAME = /[A-Za-z_\x80-\xff][\w\x80-\xff]*/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const BLANK = /[ \t\r\f]+|\\\r?\n/y;
const MAX_WORDS = 6000;

function scan(source: string, type: FileType): Raw[] {
  const found: Raw[] = [];
  const slashes = type === "node" || type === "php";
  const hashes = type !== "node";
  let at = 0;
  let gap: Gap = "none";
  let space = "";
  const stronger = (other: Gap) => {
    const order: Gap[] = ["none", "blank", "end", "comment"];
    if (order.indexOf(other) > order.indexOf(gap)) gap = other;
  };
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  const push = (kind: WordKind, raw: string) => {
    found.push({ kind, raw, before: gap, space });
    at += raw.length;
    gap = "none";
    space = "";
  };
  const skip = (text: string, kind: Gap) => {
    at += text.length;
    space += text;
    stronger(kind);
  };
  while (at < source.length && found.length < MAX_WORDS) {
    const char = source[at]!;
    const blank = take(BLANK);
    if (blank !== null) skip(blank, "blank");
    else if (char === "\n" || char === ";") skip(char, "end");
    else if (hashes && char === "#" && startsWord(source, at, type)) skip(lineFrom(source, at), "comment");
    else if (slashes && source.startsWith("//", at)) skip(lineFrom(source, at), "comment");
    else if (slashes && source.startsWith("/*", at)) skip(until(source, at, "*/"), "comment");
    else if (char === '"' || char === "'" || char === "`") push("text", textFrom(source, at, type));
    else {
      const name = take(NAME);
      const number = name === null ? take(NUMBER) : null;
      if (name !== null) push("name", name);
      else if (number !== null) push("number", number);
      else push("mark", char);
    }
  }
  return found;
}

/** `$#` and `a#b` are no comments of a shell, nor is `$#list` of Perl. */
function startsWord(source: string, at: number, type: FileType): boolean {
  if (at === 0) return true;
  const last = source[at - 1]!;
  return type === "shell" ? /[\s;&|()]/.test(last) : last !== "$";
}

function lineFrom(source: string, at: number): string {
  const end = source.indexOf("\n", at);
  return source.slice(at, end < 0 ? source.length : end);
}

function until(source: string, at: number, mark: string): string {
  const end = source.indexOf(mark, at + 2);
  return source.slice(at, end < 0 ? source.length : end + mark.length);
}

/** A quoted text with its quotes; up to the end of the line where the quote is not closed (an apostrophe). */
function textFrom(source: string, at: number, type: FileType): string {
  const quote = source[at]!;
  if (type === "python" && source.startsWith(quote.repeat(3), at)) {
    const end = source.indexOf(quote.repeat(3), at + 3);
    if (end >= 0) return source.slice(at, end + 3);
  }
  const escapes = !(type === "shell" && quote === "'");
  for (let end = at + 1; end < source.length; end++) {
    if (escapes && source[end] === "\\") end++;
    else if (source[end] === quote) return source.slice(at, end + 1);
  }
  return source[at]!;
}

/** Puts texts that stand together, or are added to each other, into one. */
function joined(list: readonly Raw[], type: FileType): Word[] {
  const result: Word[] = [];
  const plus = type === "perl" || type === "php" ? "." : type === "shell" ? null : "+";
  for (let i = 0; i < list.length; i++) {
    const first = list[i]!;
    if (first.kind !== "text") {
      result.push({ ...first, value: first.kind === "number" ? decimal(first.raw) : first.raw, joints: [] });
      continue;
    }
    let raw = first.raw;
    let value = content(first.raw);
    const joints: string[] = [];
    const take = (count: number) => {
      const parts = list.slice(i + 1, i + 1 + count);
      const next = parts.at(-1)!;
      const between = parts.map((part) => part.space + (part === next ? "" : part.raw)).join("");
      joints.push(`${raw.at(-1)}${between}${next.raw[0]}`);
      raw += between + next.raw;
      value += content(next.raw);
      i += count;
    };
    for (;;) {
      const [one, two] = [list[i + 1], list[i + 2]];
      const near = (word: Raw | undefined): word is Raw =>
        word?.before === "none" || word?.before === "blank";
      if (one?.kind === "text" && (one.before === "none" || (type === "python" && near(one)))) take(1);
      else if (plus !== null && one?.raw === plus && two?.kind === "text" && near(one) && near(two)) take(2);
      else break;
    }
    result.push({ kind: "text", raw, value, joints, before: first.before });
  }
  return result;
}

function content(raw: string): string {
  return raw.length > 1 ? raw.slice(1, -1) : "";
}

function decimal(raw: string): string {
  const value = Number(raw.replaceAll("_", ""));
  return Number.isFinite(value) ? String(value) : raw;
}
