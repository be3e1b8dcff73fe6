import { blanksEnd, type Language, nameEnd, numberEnd, numberValue, readText } from "@thymus/repair";

export interface Token {
  readonly kind: "name" | "number" | "text" | "mark";
  readonly raw: string;
  /** What a text says, its parts put together; a number in decimal; else as written. */
  readonly value: string;
  /** Blanks before it. */
  readonly gap: string;
}

/** A body read as statements; null where it cannot be read so. */
export interface Reading {
  readonly statements: readonly (readonly Token[])[];
  readonly remarks: readonly string[];
  /** Lines of remarks before the first statement. */
  readonly lead: number;
  /** Most lines of remarks before any statement. */
  readonly run: number;
  /** Whether an empty line stands anywhere in it, and if so, whether one stands behind blanks. */
  readonly empty: "never" | "bare" | "always";
  /** Whether lines of remarks stand behind the last statement. */
  readonly trail: boolean;
  readonly lines: number;
}

const MAX_STATEMENTS = 64;

export const remarkSign = (language: Language): string =>
  language === "node" || language === "php" ? "//" : "#";

/**
 * Reads added lines by the words of their language.
 * @param beside whether what follows a remark's sign behind a blank is a remark too where a statement stands before it
 */
export function readBody(text: string, language: Language, beside = false): Reading | null {
  const sign = remarkSign(language);
  const statements: Token[][] = [];
  const remarks: string[] = [];
  let empty: Reading["empty"] = "never";
  let [lead, run, most, trail] = [0, 0, 0, false];
  let open: Token[] = [];
  let fresh = true;
  const close = () => {
    if (open.length > 0) statements.push(open);
    open = [];
  };
  for (let at = 0; at < text.length; ) {
    const word = blanksEnd(text, at);
    const gap = text.slice(at, word);
    const char = text[word];
    if (char === undefined) break;
    if (char === "\n" || char === ";") {
      close();
      if (char === "\n" && fresh && word > 0 && empty !== "always")
        empty = /[ \t]\n[ \t]*$/.test(text.slice(Math.max(0, at - 256), word)) ? "always" : "bare";
      fresh = char === "\n";
      at = word + 1;
    } else if (text.startsWith(sign, word) && (open.length === 0 || (beside && gap !== ""))) {
      const found = text.indexOf("\n", word);
      at = found < 0 ? text.length : found;
      remarks.push(text.slice(word, at));
      if (open.length > 0) continue;
      if (statements.length === 0) lead++;
      most = Math.max(most, ++run);
      trail = true;
      fresh = false;
    } else {
      const token = tokenAt(text, word, gap, language);
      open.push(token);
      at = word + token.raw.length;
      [fresh, trail, run] = [false, false, 0];
    }
  }
  close();
  const sound = statements.length > 0 && statements.length <= MAX_STATEMENTS;
  return sound
    ? { statements, remarks, lead, run: most, empty, trail, lines: text.split("\n").length - 1 }
    : null;
}

function tokenAt(source: string, at: number, gap: string, language: Language): Token {
  const name = nameEnd(source, at);
  if (name >= 0) return plain("name", source.slice(at, name), gap);
  const number = numberEnd(source, at);
  if (number >= 0) {
    const raw = source.slice(at, number);
    return { kind: "number", raw, value: String(numberValue(raw) ?? raw), gap };
  }
  const text = readText(source, at, language);
  if (text !== null) return { kind: "text", raw: source.slice(at, text.end), value: text.value, gap };
  return plain("mark", source[at]!, gap);
}

function plain(kind: "name" | "mark", raw: string, gap: string): Token {
  return { kind, raw, value: raw, gap };
}
