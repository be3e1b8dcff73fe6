import { ScriptPattern, type ScriptWord } from "@thymus/contracts";
import type { Language } from "@thymus/repair";
import { commonHex } from "../common-hex.ts";
import type { Body } from "./bodies.ts";
import { type Reading, readBody, remarkSign, type Token } from "./statements.ts";

/** A name this short is the same in all bodies by chance. */
const MIN_NAME = 2;
/** Part of the bodies that must read alike. */
const AGREE = 0.6;

/** So many bodies must all begin with a remark before it is said that such a body does: fewer may by chance. */
const MIN_LED = 4;

/** What bodies have in common. */
export interface Common {
  readonly pattern: ScriptPattern;
  /** The bodies that it was read from. */
  readonly bodies: readonly Body[];
}

/**
 * The pattern of bodies of one language that say the same with other names, numbers, texts, blanks, remarks or order. What stands in
 * remarks beside statements counts where it is the same in all bodies; where it varies, the next one may have other words there.
 */
export function commonPattern(
  all: readonly Body[],
  language: Language,
  start: ScriptPattern["start"],
  context: boolean,
): Common | null {
  const found = patternOf(all, language, start, context, false);
  const beside = patternOf(all, language, start, context, true);
  if (beside === null || found === null) return beside ?? found;
  const more = beside.bodies.length - found.bodies.length;
  return more > 0 || (more === 0 && freeWords(beside) < freeWords(found)) ? beside : found;
}

/** Words that may be any of their kind. */
const freeWords = ({ pattern }: Common) =>
  pattern.statements
    .flat()
    .filter(
      (word) =>
        "name" in word ||
        ("number" in word && word.number === null) ||
        ("text" in word && word.text === null),
    ).length;

function patternOf(
  all: readonly Body[],
  language: Language,
  start: ScriptPattern["start"],
  context: boolean,
  beside: boolean,
): Common | null {
  const read = all.flatMap((body) => {
    const reading = readBody(body.text, language, beside);
    return reading === null ? [] : [{ body, reading }];
  });
  const constant = constants(read.map(({ reading }) => reading));
  const keyed = read.map(({ body, reading }) => ({
    body,
    reading,
    keys: reading.statements.map((words) => words.map((word) => keyOf(word, constant)).join(" ")),
  }));
  const groups = Map.groupBy(keyed, ({ keys }) => keys.toSorted().join("\n"));
  const [alike] = [...groups.values()].sort((a, b) => b.length - a.length);
  if (alike === undefined || alike.length < Math.max(2, read.length * AGREE)) return null;
  const [first] = alike as [(typeof alike)[number]];
  const kept = alike.every(({ keys }) => keys.every((key, i) => key === first.keys[i]));
  const forms = first.keys.map((key, i) => formsOf(key, first.keys.slice(0, i), alike));
  const style = styleOf(forms, constant);
  const statements = forms.map((each) => wordsOf(each, constant, style));
  const readings = alike.map(({ reading }) => reading);
  const counted = kept ? countedOf(readings, statements) : null;
  // Without a number that tells the end, remarks at it may be the host's.
  if (counted === null && readings.some(({ trail }) => trail)) return null;
  const bodies = alike.map(({ body }) => body);
  const remarks = remarksOf(
    readings.flatMap((each) => each.remarks),
    language,
  );
  const leads = readings.map(({ lead }) => lead);
  const leastLead = readings.length < MIN_LED ? 0 : Math.min(...leads);
  const parsed = ScriptPattern.safeParse({
    language,
    statements: kept ? statements : statements.toSorted((a, b) => weight(b) - weight(a)),
    order: kept ? "kept" : "any",
    blanks: style.blanks,
    remarks: remarks && { ...remarks, ...(beside && { beside }) },
    // Remarks that look like no other's may stand before the first statement where they stand before others.
    lead: Math.max(...readings.map(({ lead, run }) => (remarks?.numbered ? run : lead))),
    ...(leastLead > 0 && { leastLead }),
    // Always first: elsewhere it may be the program that spreads it, of which the body is a part.
    start: bodies.every((body) => body.start === 0) ? "file" : start,
    end: bodies.every(({ last }) => last) ? "file" : "line",
    empty: emptiest(readings.map(({ empty }) => empty)),
    counted,
    behind: context ? behindOf(bodies) : null,
  });
  return parsed.success ? { pattern: parsed.data, bodies } : null;
}

/** Words that all bodies have, by kind and value. */
function constants(readings: readonly Reading[]): ReadonlySet<string> {
  const sets = readings.map(({ statements }) => new Set(statements.flat().map(idOf)));
  return new Set([...(sets[0] ?? [])].filter((id) => sets.every((set) => set.has(id))));
}

const idOf = ({ kind, value }: Token) => `${kind} ${value}`;

function isConstant(word: Token, constant: ReadonlySet<string>): boolean {
  return (
    word.kind === "mark" ||
    (constant.has(idOf(word)) && (word.kind !== "name" || word.value.length >= MIN_NAME))
  );
}

const keyOf = (word: Token, constant: ReadonlySet<string>) =>
  isConstant(word, constant) ? idOf(word) : word.kind;

/** How one statement is written in each body: of several with the same key, the one that stands at the same place among them. */
function formsOf(
  key: string,
  before: readonly string[],
  alike: readonly { reading: Reading; keys: readonly string[] }[],
): (readonly Token[])[] {
  const nth = before.filter((each) => each === key).length;
  return alike.map(({ reading, keys }) => {
    const same = [...keys.keys()].filter((i) => keys[i] === key);
    return reading.statements[same[nth]!]!;
  });
}

/** What differs anywhere may differ everywhere. */
interface Style {
  readonly blanks: boolean;
  readonly numbers: boolean;
  readonly texts: boolean;
}

function styleOf(forms: readonly (readonly (readonly Token[])[])[], constant: ReadonlySet<string>): Style {
  let [blanks, numbers, texts] = [false, false, false];
  for (const [first, ...others] of forms) {
    for (const [i, word] of first!.entries()) {
      blanks ||= i > 0 && others.some((other) => other[i]!.gap !== word.gap);
      const varied = isConstant(word, constant) && others.some((other) => other[i]!.raw !== word.raw);
      numbers ||= varied && word.kind === "number";
      texts ||= varied && word.kind === "text";
    }
  }
  return { blanks, numbers, texts };
}

function wordsOf(
  forms: readonly (readonly Token[])[],
  constant: ReadonlySet<string>,
  style: Style,
): ScriptWord[] {
  const words: ScriptWord[] = [];
  const literal = (text: string) => {
    const last = words.at(-1);
    if (text === "") return;
    if (!style.blanks && last !== undefined && "is" in last) words[words.length - 1] = { is: last.is + text };
    else words.push({ is: text });
  };
  for (const [i, word] of forms[0]!.entries()) {
    if (!style.blanks && i > 0) literal(word.gap);
    if (!isConstant(word, constant)) words.push(anything(word.kind));
    else if (word.kind === "number" && style.numbers) words.push({ number: Number(word.value) });
    else if (word.kind === "text" && style.texts) words.push({ text: word.value });
    else literal(word.raw);
  }
  return words;
}

function anything(kind: Token["kind"]): ScriptWord {
  if (kind === "name") return { name: true };
  return kind === "number" ? { number: null } : { text: null };
}

/** Characters that a statement fixes: the one that fixes most is tried first. */
const weight = (words: readonly ScriptWord[]) =>
  words.reduce((sum, word) => {
    if ("is" in word) return sum + word.is.length;
    if ("text" in word) return sum + (word.text === null ? 0 : word.text.length);
    return sum + ("number" in word && word.number !== null ? 4 : 0);
  }, 0);

/** Different numbers of lines that one number must tell: with fewer a chance number fits. */
const DISTINCT = 2;

/** The number that tells how many lines a body has: the only word of its statement that is a number of any value. */
function countedOf(
  readings: readonly Reading[],
  statements: readonly (readonly ScriptWord[])[],
): ScriptPattern["counted"] {
  const sizes = new Set(readings.map(({ lines }) => lines));
  if (sizes.size === 1 && readings.every(({ trail }) => trail)) return { lines: readings[0]!.lines };
  if (sizes.size < DISTINCT) return null;
  for (const [statement, words] of statements.entries()) {
    const word = words.findIndex((each) => "number" in each && each.number === null);
    if (word < 0 || words.filter((each) => "number" in each).length > 1) continue;
    const differences = readings.map(({ lines, statements: own }) => {
      const number = own[statement]!.find(({ kind }) => kind === "number");
      return number === undefined ? Number.NaN : lines - Number(number.value);
    });
    if (differences.every((each) => each === differences[0]) && Math.abs(differences[0]!) <= 1000)
      return { statement, word, plus: differences[0]! };
  }
  return null;
}

function emptiest(all: readonly ScriptPattern["empty"][]): ScriptPattern["empty"] {
  if (all.includes("always")) return "always";
  return all.includes("bare") ? "bare" : "never";
}

/** Beginning of every remark: its sign and the blank that all have behind it. */
function remarksOf(remarks: readonly string[], language: Language): ScriptPattern["remarks"] {
  if (remarks.length === 0) return null;
  const sign = remarkSign(language);
  const open = remarks.every((each) => each.startsWith(`${sign} `)) ? `${sign} ` : sign;
  return { open, numbered: remarks.every((each) => / \d{1,15}$/.test(each)) };
}

/** What all have before them. */
function behindOf(bodies: readonly Body[]): string | null {
  const shortest = Math.min(...bodies.map(({ behind }) => behind.length));
  if (shortest === 0) return null;
  const { hex } = commonHex(bodies.map(({ behind }) => behind.subarray(behind.length - shortest)));
  const known = hex.replace(/^(\?\?)+/, "");
  return known === "" ? null : known;
}
