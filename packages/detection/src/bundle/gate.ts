import { type Run, runsOfString } from "./string-runs.ts";

/** Shorter runs stand in more files. */
const LONG = 24;

const RULE =
  /^rule \w+ \{\n(?: {2}meta:\n(?: {4}\w+ = .*\n)*)? {2}strings:\n((?: {4}\$\w+ = .*\n)+) {2}condition:\n {4}(.*)\n\}\n?$/;
const STRING = /^ {4}\$(\w+) = (.*)$/gm;
const OF = /^(all|any|\d+) of \(\$(\w*)\*\)$/;
const ONE = /^\$(\w+)$/;

/**
 * A few runs of bytes one of which at least stands in every file that a rule matches, or null where that cannot be told. Reads rules
 * of the form that this project writes; of any other nothing is told.
 */
export function gateOf(source: string): Run[] | null {
  const match = RULE.exec(source);
  if (match === null) return null;
  const [, strings, condition] = match as unknown as [string, string, string];
  // Brackets, words and dollar signs inside texts, expressions and comments are none of the condition's.
  if (/["/]/.test(condition)) return null;
  const byName = new Map([...strings.matchAll(STRING)].map(([, name, text]) => [name!, text!]));
  return gate(condition, byName);
}

function gate(condition: string, strings: ReadonlyMap<string, string>): Run[] | null {
  const ways = apart(condition, " or ");
  if (ways.length > 1) {
    const each = ways.map((way) => gate(way, strings));
    return each.includes(null) ? null : (each as Run[][]).flat();
  }
  const terms = apart(condition, " and ");
  if (terms.length > 1) {
    const told = terms.map((term) => gate(term, strings)).filter((each) => each !== null);
    return told.sort((a, b) => burden(a) - burden(b))[0] ?? null;
  }
  if (condition.startsWith("(") && closing(condition) === condition.length - 1)
    return gate(condition.slice(1, -1), strings);
  return ofTerm(condition, strings);
}

/** Of n strings of which k must be there, any n - k + 1. */
function ofTerm(term: string, strings: ReadonlyMap<string, string>): Run[] | null {
  const name = ONE.exec(term)?.[1];
  const of = OF.exec(term);
  const named =
    name !== undefined
      ? [strings.get(name)].filter((text) => text !== undefined)
      : [...strings].filter(([each]) => of !== null && each.startsWith(of[2]!)).map(([, text]) => text);
  const needed = of === null || of[1] === "any" ? 1 : of[1] === "all" ? named.length : Number(of[1]);
  if (named.length === 0 || needed < 1 || needed > named.length) return null;
  const wanted = named.length - needed + 1;
  const told = named.flatMap((text) => {
    const runs = runsOfString(text);
    return runs === null ? [] : [runs];
  });
  if (told.length < wanted) return null;
  return told
    .sort((a, b) => shortest(b) - shortest(a))
    .slice(0, wanted)
    .flat();
}

const shortest = (runs: readonly Run[]) => Math.min(...runs.map(({ bytes }) => bytes.length));
const burden = (runs: readonly Run[]) => runs.length + 100 * Math.max(0, LONG - shortest(runs));

/** Parts of a condition between these words, where no bracket is open. */
function apart(condition: string, word: string): string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at < condition.length; at++) {
    const char = condition[at];
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (depth === 0 && condition.startsWith(word, at)) {
      parts.push(condition.slice(from, at));
      from = at + word.length;
    }
  }
  return [...parts, condition.slice(from)];
}

/** Where the bracket closes that a text begins with. */
function closing(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at;
  }
  return -1;
}
