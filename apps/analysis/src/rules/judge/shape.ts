/** What a condition rests on. */
import type { Expr, Pattern, Rule } from "../syntax/ast.ts";
import { fixedRuns } from "./bytes.ts";

/** A magic number is no longer than this. */
const MAGIC = 8;
const reads = /^u?int(8|16|32)(be)?$/;

/** Every expression of a condition, the parts behind the whole. */
export function* walk(expr: Expr): Generator<Expr> {
  yield expr;
  for (const value of Object.values(expr)) yield* within(value);
}

function* within(value: unknown): Generator<Expr> {
  if (Array.isArray(value)) for (const each of value) yield* within(each);
  else if (typeof value === "object" && value !== null) {
    if ("k" in value) yield* walk(value as Expr);
    else for (const each of Object.values(value)) yield* within(each);
  }
}

/** The patterns that a name or a set of names means; `$` in a loop is whichever the loop is at. */
export function named(patterns: readonly Pattern[], ids: readonly string[]): Pattern[] {
  return patterns.filter(({ id }) =>
    ids.some((each) => (each.endsWith("*") ? id.startsWith(each.slice(0, -1)) : id === each)),
  );
}

/** Patterns that some part of these expressions names. */
export function usedBy(patterns: readonly Pattern[], exprs: readonly Expr[]): Set<Pattern> {
  const used = new Set<Pattern>();
  for (const root of exprs)
    for (const expr of walk(root)) {
      if (expr.k === "of" || expr.k === "forOf") {
        const { set } = expr;
        const ids = set.s === "them" ? ["$*"] : set.s === "patterns" ? set.ids : [];
        for (const pattern of named(patterns, ids)) used.add(pattern);
      } else if ("id" in expr) {
        const id = `$${expr.id.replace(/^[$#@!]/, "")}`;
        for (const pattern of patterns) if (pattern.id === id && id !== "$") used.add(pattern);
      }
    }
  return used;
}

export function unusedPatterns({ patterns, condition }: Rule): Pattern[] {
  const used = usedBy(patterns, [condition]);
  return patterns.filter((pattern) => !used.has(pattern));
}

/**
 * True where a file can meet the condition, or one side of an `or` in it, by its size and a few bytes at fixed places only, or
 * by nothing at all.
 */
export function restsOnShape({ patterns, condition }: Rule): boolean {
  const only = (expr: Expr): boolean => {
    if (expr.k === "or") return expr.all.some(only);
    if (expr.k === "and") return expr.all.every(only);
    return [...walk(expr)].every(plain);
  };
  const plain = (expr: Expr): boolean => {
    switch (expr.k) {
      case "bool":
      case "number":
      case "not":
      case "minus":
      case "flip":
      case "binary":
      case "and":
      case "or":
        return true;
      case "call":
        return expr.of.k === "name" && reads.test(expr.of.text);
      case "name":
        return expr.text === "filesize" || reads.test(expr.text);
      case "pattern":
        return expr.at?.k === "number" && named(patterns, [expr.id]).every(short);
      default:
        return false;
    }
  };
  return only(condition);
}

const short = (pattern: Pattern) => fixedRuns(pattern).reduce((sum, { length }) => sum + length, 0) <= MAGIC;
