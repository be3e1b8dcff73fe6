/** A rule as a logical signature of ClamAV (.ldb); https://docs.clamav.net/manual/Signatures/LogicalSignatures.html. Pure. */
import type { FileType } from "@thymus/contracts";
import type { Expr, Pattern, Rule } from "../rules/syntax/ast.ts";
import { parseRules } from "../rules/syntax/parse.ts";
import { numberOf, Refusal, readBytes, subsignature } from "./clamav-part.ts";

/** More subsignatures than these a logical signature may not have. */
const MAX_SUBSIGNATURES = 64;
const TARGET_ANY = 0;
const TARGET_ELF = 6;
/** Largest file that ClamAV knows sizes of. */
const MAX_SIZE = 2 ** 31 - 1;

export type ClamavExport = { readonly signature: string } | { readonly refused: string };

/** One line a rule; or why the rule cannot be said so that it finds the same. */
export function toClamav(name: string, source: string, scope: readonly FileType[]): ClamavExport {
  const { regions, faults } = parseRules(source);
  const rule = regions[0]?.rule;
  if (regions.length !== 1 || faults.length > 0 || !rule)
    return { refused: "it is not one rule that can be taken apart" };
  try {
    return { signature: signatureOf(name, rule, scope) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { refused: thrown.message };
    throw thrown;
  }
}

function signatureOf(name: string, rule: Rule, scope: readonly FileType[]): string {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw new Refusal(`${name} is no name of a signature`);
  const size = { from: 0, to: MAX_SIZE };
  const all = rule.condition.k === "and" ? rule.condition.all : [rule.condition];
  const parts = all.filter((part) => !boundsSize(part, size));
  if (parts.length === 0) throw new Refusal("its condition asks for no bytes");
  if (size.from > size.to) throw new Refusal("no file has the size that its condition asks for");
  const subsignatures: string[] = [];
  const add = (text: string): number => {
    const known = subsignatures.indexOf(text);
    return known >= 0 ? known : subsignatures.push(text) - 1;
  };
  const condition = parts.length === 1 ? parts[0]! : ({ k: "and", all: parts } as const);
  const formula = logic(condition, rule.patterns, add);
  if (subsignatures.length > MAX_SUBSIGNATURES)
    throw new Refusal(`it has more than ${MAX_SUBSIGNATURES} strings`);
  const elf = scope.length > 0 && scope.every((type) => type === "elf64" || type === "elf32");
  const bounded = size.from > 0 || size.to < MAX_SIZE ? `,FileSize:${size.from}-${size.to}` : "";
  return [
    name,
    `Engine:81-255,Target:${elf ? TARGET_ELF : TARGET_ANY}${bounded}`,
    formula,
    ...subsignatures,
  ].join(";");
}

/** Takes `filesize < 10KB` and the like into the bounds; false where the part is another. */
function boundsSize(part: Expr, size: { from: number; to: number }): boolean {
  if (part.k !== "binary" || part.left.k !== "name" || part.left.text !== "filesize") return false;
  const bound = numberOf(part.right);
  if (bound === null) return false;
  if (part.op === "<") size.to = Math.min(size.to, bound - 1);
  else if (part.op === "<=") size.to = Math.min(size.to, bound);
  else if (part.op === ">") size.from = Math.max(size.from, bound + 1);
  else if (part.op === ">=") size.from = Math.max(size.from, bound);
  else if (part.op === "==") {
    size.from = Math.max(size.from, bound);
    size.to = Math.min(size.to, bound);
  } else return false;
  return true;
}

function logic(expr: Expr, patterns: readonly Pattern[], add: (text: string) => number): string {
  const only = (id: string): Pattern => {
    const found = patterns.find((pattern) => pattern.id === id);
    if (!found) throw new Refusal(`${id} is not one of its strings`);
    return found;
  };
  if (expr.k === "and" || expr.k === "or")
    return `(${expr.all.map((each) => logic(each, patterns, add)).join(expr.k === "and" ? "&" : "|")})`;
  if (expr.k === "pattern") {
    if (expr.at) return String(add(subsignature(only(expr.id), place(expr.id, expr.at, expr.at))));
    if (expr.in) return String(add(subsignature(only(expr.id), place(expr.id, expr.in.from, expr.in.to))));
    return String(add(subsignature(only(expr.id))));
  }
  if (expr.k === "of" && !expr.at && !expr.in && expr.set.s !== "expressions") {
    const ids = expr.set.s === "them" ? ["$*"] : expr.set.ids;
    const chosen = patterns.filter(({ id }) => ids.some((wanted) => named(id, wanted)));
    const numbers = chosen.map((pattern) => add(subsignature(pattern)));
    const { quantifier } = expr;
    if (numbers.length === 0) throw new Refusal("a set without strings");
    if (quantifier.q === "all") return `(${numbers.join("&")})`;
    if (quantifier.q === "any") return `(${numbers.join("|")})`;
    if (quantifier.q === "count" && quantifier.of.k === "number") {
      const least = Number(quantifier.of.text);
      if (!(least >= 1 && least <= numbers.length)) throw new Refusal("a count that is never or always met");
      if (least === numbers.length) return `(${numbers.join("&")})`;
      if (least === 1) return `(${numbers.join("|")})`;
      if (new Set(numbers).size < numbers.length)
        throw new Refusal("it counts strings of which two are the same");
      // More than least - 1 finds in all, by at least that many different ones.
      return `(${numbers.join("|")})>${least - 1},${least}`;
    }
  }
  const bytes = expr.k === "binary" && expr.op === "==" ? readBytes(expr.left, expr.right) : null;
  if (bytes) return String(add(bytes));
  throw new Refusal("its condition has more than strings, their places, sizes, and, or, and k of n");
}

const named = (id: string, wanted: string) =>
  wanted.endsWith("*") ? id.startsWith(wanted.slice(0, -1)) : id === wanted;

/** `OFFSET` or `OFFSET,SHIFT` of a subsignature, both ends of a YARA range being part of it. */
function place(id: string, first: Expr, last: Expr): string {
  const from = numberOf(first);
  const to = numberOf(last);
  if (from === null || to === null) throw new Refusal(`the place of ${id} is not a plain number`);
  if (from > to) throw new Refusal(`the place of ${id} is none`);
  return from === to ? String(from) : `${from},${to - from}`;
}
