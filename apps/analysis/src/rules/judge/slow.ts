/** Why a scan is slow with a string or a condition, and what to change; from the text and from how common its bytes are. */
import type { RuleExpense } from "@thymus/contracts";
import type { Expr, Pattern, Rule } from "../syntax/ast.ts";
import { fixedRuns } from "./bytes.ts";
import { walk } from "./shape.ts";

/** Engines search for parts of so many bytes, and look closer where one stands. */
const ATOM = 4;
/** ln p of four bytes that stand in goodware once in ten thousand places. */
const OFTEN = Math.log(1e-4);
/** Letters that have two forms each; more of them are more forms than engines search for at once. */
const FORMS = 4;
const LONG = 1000;

export function slowString(pattern: Pattern, logProbability: (bytes: Uint8Array) => number): RuleExpense[] {
  const found: RuleExpense[] = [];
  const tell = (why: string, change: string) => found.push({ why, change });
  const { kind, modifiers } = pattern;
  const runs = fixedRuns(pattern);
  const longest = Math.max(0, ...runs.map((run) => run.length));
  if (longest === 0)
    tell(
      "no byte of it is fixed: it is tried at every place of a file",
      "add a text of four letters or more that is always there",
    );
  else if (longest < ATOM)
    tell(
      `only ${longest} fixed bytes in a row: every scan stops at it often`,
      "add the bytes that stand beside it, or ask for it at one place (`at 0`) by uint16 or uint32",
    );
  else {
    const rarest = Math.min(...runs.flatMap((run) => windows(run).map(logProbability)));
    if (rarest > OFTEN)
      tell(
        `its rarest four bytes stand in goodware once in ${Math.round(Math.exp(-rarest))} places`,
        "add bytes that are not padding, zeros or a common instruction",
      );
  }
  const letters = runs.map((run) => run.filter((byte) => /[a-z]/i.test(String.fromCharCode(byte))).length);
  if (modifiers.includes("nocase") && longest >= ATOM && longest < 2 * ATOM && Math.max(...letters) >= FORMS)
    tell("short and in upper and lower case: many forms to search for", "leave nocase out, or lengthen it");
  for (const modifier of modifiers)
    if (/^xor(\(0?-?255?\))?$/.test(modifier) || modifier === "xor(0-255)")
      tell("searched under every key of xor", "name the keys: xor(1-31), or the one that was seen");
  if (modifiers.includes("wide") && modifiers.includes("ascii") && longest < ATOM)
    tell("short, and searched with one and with two bytes a letter", "leave out the form that was not seen");
  if (kind === "hex") slowHex(pattern.body, tell);
  else if (kind === "regex") slowRegex(pattern.body, tell);
  return found;
}

function windows(run: Uint8Array): Uint8Array[] {
  return Array.from({ length: run.length - ATOM + 1 }, (_, at) => run.subarray(at, at + ATOM));
}

type Tell = (why: string, change: string) => void;

function slowHex(body: string, tell: Tell): void {
  const bare = body.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, " ").replace(/\s+/g, "");
  if (/^\?\?|\?\?$/.test(bare)) tell("it begins or ends with any bytes", "leave them out");
  if (/\[\d*-\]/.test(bare))
    tell("a jump without end", "give it an end, or write two strings and ask for both");
  for (const [, , to] of bare.matchAll(/\[(\d+)-(\d+)\]/g))
    if (Number(to) > LONG)
      tell(`a jump of up to ${to} bytes`, "shorten it, or write two strings and ask for both");
}

function slowRegex(body: string, tell: Tell): void {
  if (/^\(?(?:\.|\[[^\]]*\]|\\[wWsSdD])(?:[*+]|\{\d*,\d*\})/.test(body))
    tell(
      "it begins with a repetition",
      "leave the beginning out, or ask for the least of it: [a-z]{2} for [a-z]{2,9}",
    );
  if (/(?:\.|\[[^\]]*\]|\\[wWsSdD])\*\)?$/.test(body)) tell("it ends with a repetition", "leave the end out");
  if (/(?:^|[^\\])(?:\.|\[\^[^\]]*\])(?:[*+]|\{\d+,\})/.test(body))
    tell("a repetition without end", "give it an end, such as {0,200}");
  for (const [, to] of body.matchAll(/\{\d*,(\d+)\}/g))
    if (Number(to) > LONG) tell(`it repeats up to ${to} times`, "repeat less often");
}

/** What is looked at besides strings: loops over whole files, hashes and entropy of them. */
export function slowCondition({ condition }: Rule): RuleExpense[] {
  const found = new Map<string, string>();
  const mentions = (expr: unknown, name: string) => JSON.stringify(expr).includes(`"text":"${name}"`);
  for (const expr of walk(condition)) {
    if (expr.k === "forIn" && expr.over.o === "range" && mentions(expr.over, "filesize"))
      found.set("a loop over every byte of a file", "search for the bytes as a string instead");
    if (expr.k === "forIn" && nested(expr.body))
      found.set("a loop within a loop", "ask for a distance with a jump in one hex string");
    const name =
      expr.k === "call" && expr.of.k === "member" && expr.of.of.k === "name" ? expr.of.of.text : "";
    if ((name === "hash" || name === "math") && mentions(expr, "filesize"))
      found.set(
        `${name} over the whole file`,
        "ask for strings and `filesize` first, joined by `and`: what stands behind is not computed then",
      );
  }
  return [...found].map(([why, change]) => ({ why, change }));
}

function nested(body: Expr): boolean {
  for (const { k } of walk(body)) if (k === "forIn") return true;
  return false;
}
