import type { ScriptPattern, ScriptWord } from "@thymus/contracts";
import type { Subject } from "../evaluate.ts";
import { matchesAt, parsePattern } from "../pattern.ts";
import { refuse } from "../refuse.ts";
import { blanksEnd, nameEnd, numberEnd, numberValue, readText } from "./words.ts";

/** How far before the anchor the text may begin, and how long it may be, in bytes. */
const REACH = 1 << 16;
/** Words that are looked at before a hostile file is refused. */
const MAX_WORK = 1 << 21;
/** Between two statements, in bytes. */
const MAX_GAP = 1 << 12;

interface Search {
  readonly source: string;
  readonly pattern: ScriptPattern;
  work: number;
  /** What the number says that tells how many lines there are, in the statements that were read last. */
  count: number | null;
}

interface Found extends Stretch {
  readonly count: number | null;
}

/** From `start` to `end`, in bytes of the infected file. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * The one stretch of whole lines around the anchor that the pattern describes. Every line within 64 KiB before the anchor may be
 * its first; exactly one must be.
 * @throws ThymusError REPAIR_REFUSED where there is none, or several, or its borders are in doubt
 */
export function findScript(pattern: ScriptPattern, { bytes, anchor }: Subject): Stretch {
  const base = Math.max(0, anchor - REACH);
  const scene: Scene = { bytes, base };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const source = view.toString("latin1", base, Math.min(bytes.length, anchor + REACH));
  const search: Search = { source, pattern, work: 0, count: null };
  const found: Found[] = [];
  for (let line = base === 0 ? 0 : source.indexOf("\n") + 1; line <= anchor - base; ) {
    const end = statementsEnd(search, line);
    if (end > anchor - base) found.push({ start: line, end, count: search.count });
    const next = source.indexOf("\n", line);
    if (next < 0) break;
    line = next + 1;
  }
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw refuse(`the text that the recipe takes out stands ${only ? "twice" : "nowhere"} around its anchor`);
  }
  return onlyLead(
    leadStarts(search, only.start).map((first) => () => stretchFrom(search, first, only, scene)),
  );
}

/** What is read of the file, and where that begins in it. */
interface Scene {
  readonly bytes: Uint8Array;
  readonly base: number;
}

/** The stretch that begins at `first`. @throws ThymusError REPAIR_REFUSED where it does not begin or end as the pattern says */
function stretchFrom(search: Search, first: number, only: Found, { bytes, base }: Scene): Stretch {
  const { source, pattern } = search;
  if (pattern.start === "file" && base + first > 0)
    throw refuse("the text that the recipe takes out does not stand first");
  const start = pattern.start === "break" ? first - 1 : first;
  if (start < 0 || (pattern.start === "break" && source[start] !== "\n")) {
    throw refuse("there is no line break before the text that the recipe takes out");
  }
  const whole = base + source.length === bytes.length;
  const end =
    pattern.counted === null ? tailEnd(search, only.end, whole) : countedEnd(search, first, only, whole);
  if (pattern.behind !== null) {
    const behind = parsePattern(pattern.behind);
    if (!matchesAt(behind, bytes, base + start - behind.values.length)) {
      throw refuse("the text that the recipe takes out stands elsewhere than it knows");
    }
  }
  return { start: base + start, end: base + end };
}

/** The one choice that is not refused: a remark that may be the file's own is no less its own for looking like the others. */
function onlyLead(choices: readonly (() => Stretch)[]): Stretch {
  const fitting: Stretch[] = [];
  let why: unknown = refuse("remarks are missing before the text that the recipe takes out");
  for (const choice of choices) {
    try {
      fitting.push(choice());
    } catch (refusal) {
      why = refusal;
    }
  }
  if (fitting.length > 1)
    throw refuse("it is in doubt whether the infection or the file brought the remark before it");
  if (fitting.length === 0) throw why;
  return fitting[0]!;
}

/** End of the last statement where each stands once from `at` on, or -1. */
function statementsEnd(search: Search, at: number): number {
  const { statements, order } = search.pattern;
  const left = [...statements];
  let end = -1;
  for (let next = at; left.length > 0; next = gapEnd(search, end)) {
    if (next < 0) return -1;
    const choices = order === "kept" ? 1 : left.length;
    let chosen = -1;
    for (let i = 0; i < choices && chosen < 0; i++) {
      end = statementEnd(search, left[i]!, next, statements.indexOf(left[i]!));
      if (end >= 0) chosen = i;
    }
    if (chosen < 0) return -1;
    left.splice(chosen, 1);
  }
  return end;
}

function statementEnd(search: Search, words: readonly ScriptWord[], at: number, nth: number): number {
  const { counted } = search.pattern;
  let end = at;
  for (const [i, word] of words.entries()) {
    if (++search.work > MAX_WORK) throw refuse("the file takes too long to be compared with the recipe");
    const from = i > 0 && search.pattern.blanks ? blanksEnd(search.source, end) : end;
    end = wordEnd(search, word, from);
    if (end < 0) return -1;
    if (counted && "word" in counted && counted.statement === nth && counted.word === i)
      search.count = numberValue(search.source.slice(from, end));
  }
  return end;
}

const WORD = /[\w\x80-\xff]/;

function wordEnd(search: Search, word: ScriptWord, at: number): number {
  const { source, pattern } = search;
  if ("is" in word) {
    if (!source.startsWith(word.is, at)) return -1;
    const end = at + word.is.length;
    // A name ends where no letter follows.
    return WORD.test(word.is.at(-1)!) && end < source.length && WORD.test(source[end]!) ? -1 : end;
  }
  if ("name" in word) return nameEnd(source, at);
  if ("number" in word) {
    const end = numberEnd(source, at);
    return end < 0 || word.number === null || numberValue(source.slice(at, end)) === word.number ? end : -1;
  }
  const text = readText(source, at, pattern.language);
  // A text is read letter by letter, up to the end of its line where it does not end.
  search.work += text === null ? 1 + source.slice(at, at + MAX_GAP).indexOf("\n") : text.end - at;
  return text === null || (word.text !== null && text.value !== word.text) ? -1 : text.end;
}

/** End of what separates two statements, or -1 where nothing does. */
function gapEnd(search: Search, at: number): number {
  const { source } = search;
  let end = at;
  let parted = false;
  while (end - at < MAX_GAP) {
    end = blanksEnd(source, end);
    const remark = parted || besideStarts(search, at, end) ? remarkEnd(search, end) : -1;
    if (remark >= 0) end = remark;
    else if (source[end] === "\n" || source[end] === ";") end++;
    else return parted ? end : -1;
    parted = true;
  }
  return -1;
}

/** End of the remark that begins at `at`, without its line break, or -1. */
export function remarkEnd({ source, pattern }: Pick<Search, "source" | "pattern">, at: number): number {
  const { remarks } = pattern;
  if (remarks === null || !source.startsWith(remarks.open, at)) return -1;
  const found = source.indexOf("\n", at);
  const end = found < 0 ? source.length : found;
  return remarks.numbered && !/ \d{1,15}$/.test(source.slice(at, end)) ? -1 : end;
}

/** Whether a remark may begin at `end`, on the line of the statement that ended at `at`: behind a blank only. */
const besideStarts = ({ pattern }: Search, at: number, end: number) =>
  pattern.remarks?.beside === true && end > at;

/** Where the text may begin: at its first statement, or at one of the remarks right before that, as far as they may belong to it. */
function leadStarts(search: Search, at: number): number[] {
  const { source, pattern } = search;
  const starts = [at];
  for (let start = at; starts.length <= pattern.lead && start > 0; ) {
    const line = source.lastIndexOf("\n", start - 2) + 1;
    if (start < 2 || remarkEnd(search, line) !== start - 1) break;
    starts.push(line);
    start = line;
  }
  return starts.slice(pattern.leastLead ?? 0);
}

/** Where the lines end that the text says to have; behind its last statement there may be remarks only. */
function countedEnd(search: Search, start: number, { end: last, count }: Found, whole: boolean): number {
  const { source, pattern } = search;
  const counted = pattern.counted!;
  const lines = "lines" in counted ? counted.lines : (count ?? Number.NaN) + counted.plus;
  let end = start;
  for (let i = 0; i < lines && end >= 0; i++)
    end = end < source.length ? source.indexOf("\n", end) + 1 || -1 : -1;
  if (!(lines > 0) || end < last)
    throw refuse("the text that the recipe takes out does not have as many lines as it says");
  if (!whole && end === source.length) throw refuse("the text that the recipe takes out is too long");
  let at = last;
  while (at < end) {
    at = blanksEnd(source, at);
    const remark = source[at] === ";" || source[at] === "\n" ? at + 1 : remarkEnd(search, at);
    if (at < end && remark < 0) throw refuse("the text that the recipe takes out does not end as it knows");
    at = Math.max(at, remark);
  }
  return end;
}

/** End of what belongs to the last statement. */
function tailEnd(search: Search, at: number, whole: boolean): number {
  const { source, pattern } = search;
  let end = blanksEnd(source, at);
  if (source[end] === ";") end = blanksEnd(source, end + 1);
  const blanks = /[ \t]/.test(source[end - 1]!);
  if (besideStarts(search, at, end)) end = Math.max(end, remarkEnd(search, end));
  if (pattern.end === "file") {
    while (source[end] === "\n" && end < source.length) end++;
    if (!whole || end < source.length)
      throw refuse("the text that the recipe takes out is not the last of the file");
    return end;
  }
  if (source[end] !== "\n") throw refuse("the line of the last statement that the recipe takes out goes on");
  const doubt = pattern.empty === "always" || (pattern.empty === "bare" && !blanks);
  if (doubt && (source[end + 1] === "\n" || source[end + 1] === "\r")) {
    throw refuse("it is in doubt whether the infection or the file brought the empty line behind it");
  }
  return end + 1;
}
