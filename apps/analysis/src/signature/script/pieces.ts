import type { ClauseString } from "../clause.ts";
import { textString } from "../forms/yara-text.ts";
import type { Self } from "../self.ts";
import type { Word } from "./lexer.ts";
import { type Run, type Symbols, widestGap } from "./symbols.ts";

/** Longest YARA string in characters, and longest run of a split text that one holds. */
const MAX_TEXT = 170;
const MAX_SPLIT = 12;
const MIN_LITERAL = 5;
/** A split text is searched for letter by letter: where none of its beginnings is rare that costs too much. */
const PLAIN_JOINT = /^["'`] ?[+.]? ?["'`]$/;

/** What differs anywhere between bodies may differ everywhere: a few files do not show it at every place. */
export interface Style {
  /** Numbers are written in several ways. */
  readonly numbers: boolean;
  /** Blanks around marks come and go. */
  readonly blanks: boolean;
}

export function styleOf(runs: readonly Run[], bodies: readonly Symbols[]): Style {
  let [numbers, blanks] = [false, false];
  for (const { length, places } of runs) {
    for (let i = 0; i < length && !(numbers && blanks); i++) {
      const [first, ...others] = bodies.map((body, n) => body.words[places[n]! + i]!) as [Word, ...Word[]];
      const constant = bodies[0]!.constant[places[0]! + i]!;
      if (constant && first.kind === "number") numbers ||= others.some(({ raw }) => raw !== first.raw);
      if (i > 0) blanks ||= others.some(({ before }) => before !== first.before);
    }
  }
  return { numbers, blanks };
}

/** YARA strings of one run of symbols: regular expressions of up to a line each. */
export function piecesOf(run: Run, bodies: readonly Symbols[], style: Style, self: Self): ClauseString[] {
  const pieces: ClauseString[] = [];
  let open = newPiece();
  const close = () => {
    const piece = finish(open, self);
    if (piece !== null) pieces.push(piece);
    open = newPiece();
  };
  let lastKind: Word["kind"] = "mark";
  for (let i = 0; i < run.length; i++) {
    const forms = bodies.map((body, n) => body.words[run.places[n]! + i]!);
    const constant = bodies[0]!.constant[run.places[0]! + i]!;
    const [first] = forms as [Word, ...Word[]];
    const loose = style.blanks && (first.kind === "mark" || lastKind === "mark");
    const gap = widestGap(run, i, bodies, loose);
    lastKind = first.kind;
    // Statements may change places.
    if (i > 0 && (gap === "comment" || gap === "end")) close();
    if (constant && first.kind === "text" && forms.some(({ raw }) => raw !== first.raw)) {
      close();
      pieces.push(...splitText(first.value, forms, self));
      continue;
    }
    if (open.parts.length > 0) open.parts.push(gapPattern(gap));
    if (!constant) open.parts.push({ pattern: anything(first.kind, forms), fixed: "" });
    else if (forms.every(({ raw }) => raw === first.raw) && !(style.numbers && first.kind === "number")) {
      open.parts.push({ pattern: escaped(first.raw), fixed: first.raw });
    } else open.parts.push({ pattern: otherForms(forms), fixed: "" });
    if (length(open) > MAX_TEXT) {
      // What made it too long begins the next piece.
      const rest = open.parts.splice(-1);
      close();
      open.parts.push(...rest.filter(({ pattern }) => pattern.length <= MAX_TEXT));
    }
  }
  close();
  return pieces;
}

interface Part {
  readonly pattern: string;
  /** Text that stands there in every case. */
  readonly fixed: string;
}
interface Piece {
  readonly parts: Part[];
}
const newPiece = (): Piece => ({ parts: [] });
const length = ({ parts }: Piece) => parts.reduce((sum, { pattern }) => sum + pattern.length, 0);

const gapPatterns = { none: "", blank: "[ \\t]{0,4}", end: "", comment: "" } as const;
const gapPattern = (gap: keyof typeof gapPatterns): Part => ({ pattern: gapPatterns[gap], fixed: "" });

/** A word of which only the kind is known, as long as it was seen to be and some more. */
function anything(kind: Word["kind"], forms: readonly Word[]): string {
  const most = Math.min(120, Math.max(12, 2 * Math.max(...forms.map(({ raw }) => raw.length))));
  if (kind === "name") return `\\w{1,${most}}`;
  if (kind === "number") return `[\\w.]{1,${most}}`;
  if (kind === "text") return `["'\`][^\\n]{0,${most}}["'\`]`;
  return ".";
}

/** A number in its usual forms; whatever else was seen. */
function otherForms(forms: readonly Word[]): string {
  const [first] = forms as [Word, ...Word[]];
  if (first.kind === "number" && /^\d+$/.test(first.value)) return numberPattern(first.value);
  return `(${[...new Set(forms.map(({ raw }) => escaped(raw)))].sort().join("|")})`;
}

function numberPattern(value: string): string {
  const hex = Number(value).toString(16);
  const digits = [...hex]
    .map((char) => (/[a-f]/.test(char) ? `[${char}${char.toUpperCase()}]` : char))
    .join("");
  return `(${value}|0[xX]0{0,4}${digits})`;
}

/** The piece between its first and last constant part, if it tells anything. */
function finish({ parts }: Piece, self: Self): ClauseString | null {
  let from = parts.findIndex(({ fixed }) => fixed.trim() !== "");
  const to = parts.findLastIndex(({ fixed }) => fixed.trim() !== "");
  const lone = parts.find(({ pattern }) => pattern.startsWith("(") && pattern.includes("|0[xX]"));
  if (from < 0 || fixedLength(parts) < MIN_LITERAL)
    return lone === undefined ? null : numberPiece(lone, self);
  // A search begins at a run of letters; marks alone stand everywhere.
  while (from < to && parts[from]!.fixed.length < 2 && !/\w/.test(parts[from]!.fixed)) from++;
  const kept = parts.slice(from, to + 1);
  if (fixedLength(kept) < MIN_LITERAL || !kept.some(({ fixed }) => /\w{3}/.test(fixed))) return null;
  const runs = fixedRuns(kept);
  // Marks and their order are the language's: what tells are the words.
  const told = runs.filter((run) => /\w{3}/.test(run));
  const logProbability = told.reduce((sum, run) => sum + self.logProbability(Buffer.from(run, "latin1")), 0);
  if (!Number.isFinite(logProbability)) return null;
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), "");
  const bytes = Buffer.from(longest, "latin1");
  if (kept.every(({ pattern, fixed }) => pattern === escaped(fixed))) {
    return { text: textString(bytes), logProbability, bytes };
  }
  const runsOfText = runs.map((run) => [Buffer.from(run, "latin1")]);
  return { text: `/${kept.map(({ pattern }) => pattern).join("")}/`, logProbability, runs: runsOfText };
}

function numberPiece({ pattern }: Part, self: Self): ClauseString | null {
  const value = /^\((\d+)/.exec(pattern)![1]!;
  if (value.length < MIN_LITERAL) return null;
  return { text: `/${pattern}/`, logProbability: self.logProbability(Buffer.from(value)) + Math.log(2) };
}

const fixedLength = (parts: readonly Part[]) => parts.reduce((sum, { fixed }) => sum + fixed.length, 0);

/** Constant stretches without anything variable inside. */
function fixedRuns(parts: readonly Part[]): string[] {
  const runs: string[] = [""];
  for (const { pattern, fixed } of parts) {
    if (pattern === escaped(fixed)) runs[runs.length - 1] += fixed;
    else runs.push("");
  }
  return runs.filter((run) => run !== "");
}

/** Parts of a text that is put together from others at places that differ: each letter may be followed by a joint. */
function splitText(value: string, forms: readonly Word[], self: Self): ClauseString[] {
  const joints = [...new Set(forms.flatMap((form) => form.joints))];
  if (!joints.every((joint) => PLAIN_JOINT.test(joint))) return [];
  const quote = joints[0]?.[0];
  if (quote === undefined) return sameText(value, self);
  const sign = /[+.]/.exec(joints[0]!)?.[0] ?? "";
  const blanks = joints.some((joint) => joint.includes(" ")) ? " ?" : "";
  const joint = sign === "" ? `(${quote}${quote})?` : `(${quote}${blanks}${escaped(sign)}${blanks}${quote})?`;
  const pieces: ClauseString[] = [];
  const step = MAX_SPLIT;
  for (let at = 0; at + step <= value.length; at += step) {
    const part = value.slice(at, at + step);
    const pattern = [...part].map(escaped).join(joint);
    // Each letter may be the end of a part: as many ways as the text has letters, each over.
    const logProbability = self.logProbability(Buffer.from(part, "latin1")) + part.length * Math.log(2) * 0.5;
    if (Number.isFinite(logProbability)) pieces.push({ text: `/${pattern}/`, logProbability });
  }
  return pieces;
}

/** The same content in quotes of different kinds. */
function sameText(value: string, self: Self): ClauseString[] {
  if (value.length < MIN_LITERAL) return [];
  const bytes = Buffer.from(value.slice(0, 64), "latin1");
  const logProbability = self.logProbability(bytes);
  return Number.isFinite(logProbability) ? [{ text: textString(bytes), logProbability, bytes }] : [];
}

export function escaped(text: string): string {
  let result = "";
  for (const char of text) {
    if (/[A-Za-z0-9_ ,:=<>@%&!"'`~;-]/.test(char)) result += char;
    else if (char.charCodeAt(0) < 0x20 || char.charCodeAt(0) > 0x7e) {
      result += `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
    } else result += `\\${char}`;
  }
  return result;
}
