/** A rule as a logical signature of ClamAV (.ldb); https://docs.clamav.net/manual/Signatures/LogicalSignatures.html. Pure. */
import type { FileType } from "@thymus/contracts";
import { textBytes } from "../rules/judge/bytes.ts";
import type { Expr, Pattern, Rule } from "../rules/syntax/ast.ts";
import { parseRules } from "../rules/syntax/parse.ts";

/** More subsignatures than these a logical signature may not have. */
const MAX_SUBSIGNATURES = 64;
const TARGET_ANY = 0;
const TARGET_ELF = 6;

export type ClamavExport = { readonly signature: string } | { readonly refused: string };

class Refusal extends Error {}

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
  if (rule.patterns.length === 0) throw new Refusal("it has no strings");
  if (rule.patterns.length > MAX_SUBSIGNATURES)
    throw new Refusal(`it has more than ${MAX_SUBSIGNATURES} strings`);
  const elf = scope.length > 0 && scope.every((type) => type === "elf64" || type === "elf32");
  return [
    name,
    `Engine:81-255,Target:${elf ? TARGET_ELF : TARGET_ANY}`,
    logic(rule.condition, rule.patterns),
    ...rule.patterns.map(subsignature),
  ].join(";");
}

function logic(expr: Expr, patterns: readonly Pattern[]): string {
  if (expr.k === "and" || expr.k === "or")
    return `(${expr.all.map((each) => logic(each, patterns)).join(expr.k === "and" ? "&" : "|")})`;
  if (expr.k === "pattern" && !expr.at && !expr.in) {
    const at = patterns.findIndex(({ id }) => id === expr.id);
    if (at < 0) throw new Refusal(`${expr.id} is not one of its strings`);
    return String(at);
  }
  if (expr.k === "of" && !expr.at && !expr.in && expr.set.s !== "expressions") {
    const ids = expr.set.s === "them" ? ["$*"] : expr.set.ids;
    const chosen = [...patterns.keys()].filter((at) => ids.some((id) => named(patterns[at]!.id, id)));
    const { quantifier } = expr;
    if (chosen.length === 0) throw new Refusal("a set without strings");
    if (quantifier.q === "all") return `(${chosen.join("&")})`;
    if (quantifier.q === "any") return `(${chosen.join("|")})`;
    if (quantifier.q === "count" && quantifier.of.k === "number") {
      const least = Number(quantifier.of.text);
      if (!(least >= 1 && least <= chosen.length)) throw new Refusal("a count that is never or always met");
      if (least === chosen.length) return `(${chosen.join("&")})`;
      // More than least - 1 finds in all, by at least that many different ones.
      return least === 1 ? `(${chosen.join("|")})` : `(${chosen.join("|")})>${least - 1},${least}`;
    }
  }
  throw new Refusal("its condition has more than strings, and, or, and k of n");
}

const named = (id: string, wanted: string) =>
  wanted.endsWith("*") ? id.startsWith(wanted.slice(0, -1)) : id === wanted;

function subsignature(pattern: Pattern): string {
  const { id, kind, body, modifiers } = pattern;
  if (kind === "regex") throw new Refusal(`${id} is a regular expression`);
  const letters: string[] = [];
  for (const modifier of modifiers) {
    if (modifier === "nocase") letters.push("i");
    else if (modifier === "wide") letters.push("w");
    else if (modifier === "ascii") letters.push("a");
    else if (modifier !== "private") throw new Refusal(`${id} is searched with ${modifier}`);
  }
  const hex = kind === "text" ? Buffer.from(textBytes(body)).toString("hex") : hexBody(id, body);
  if (!/(?:[0-9a-f]{2}){2}/.test(hex)) throw new Refusal(`${id} has no two fixed bytes in a row`);
  return letters.length > 0 ? `${hex}::${letters.join("")}` : hex;
}

function hexBody(id: string, body: string): string {
  if (/[~()/]/.test(body)) throw new Refusal(`${id} has alternatives, negated bytes or comments`);
  const text = body
    .replace(/\s+/g, "")
    .toLowerCase()
    .replace(/\[(\d+)(?:-(\d+))?\]/g, (_all, from: string, to: string | undefined) =>
      to === undefined || to === from ? `{${from}}` : `{${from}-${to}}`,
    );
  if (text.includes("[")) throw new Refusal(`${id} has a jump without end`);
  return text;
}
