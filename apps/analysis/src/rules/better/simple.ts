/** Conditions that a stricter one is made of: `any`, `all` or N of some strings, beside parts that stay as they are. */
import { named, unusedPatterns, usedBy } from "../judge/shape.ts";
import type { Expr, Pattern, PatternSet, Rule } from "../syntax/ast.ts";

export interface Simple {
  /** Strings of the set. */
  readonly members: readonly Pattern[];
  /** How many of them are asked for. */
  readonly count: number;
  /** The same rule that asks for `count` of `members`, a part of those above. */
  rewrite(members: readonly Pattern[], count: number): Rule | null;
}

/**
 * Each count that a stricter rule can be made of; the other counts stay as they are then, with all of their strings.
 * @returns why not, in words, where there is none
 */
export function simpleForms(rule: Rule): Simple[] | string {
  const { patterns, condition } = rule;
  if (patterns.length === 0) return "it has no strings";
  const parts = condition.k === "and" ? condition.all : [condition];
  const sets = parts.flatMap((part, at) => {
    const found = setOf(part, patterns);
    return found ? [{ ...found, at }] : [];
  });
  const counted = sets.filter((set): set is typeof set & { count: number } => typeof set.count === "number");
  if (counted.length > 0) return counted.map((set) => simpleForm(rule, parts, set));
  return String(sets[0]?.count ?? "its condition has no count of strings that must be met");
}

function simpleForm(
  rule: Rule,
  parts: readonly Expr[],
  { at, members, count }: { at: number; members: readonly Pattern[]; count: number },
): Simple {
  const { patterns } = rule;
  const anchors = parts.filter((_, index) => index !== at);
  const kept = usedBy(patterns, anchors);
  const unused = new Set(unusedPatterns(rule));
  return {
    members,
    count,
    rewrite(left, least) {
      const stays = patterns.filter(
        (each) => left.includes(each) || kept.has(each) || (unused.has(each) && !members.includes(each)),
      );
      const set = setFor(left, stays);
      if (set === null) return null;
      const of: Expr = {
        k: "of",
        quantifier:
          least === left.length
            ? { q: "all" }
            : least === 1
              ? { q: "any" }
              : { q: "count", of: { k: "number", text: String(least) } },
        set,
      };
      const all = parts.map((part, index) => (index === at ? of : part));
      return { ...rule, patterns: stays, condition: all.length === 1 ? all[0]! : { k: "and", all } };
    },
  };
}

/** Null where a string without a name cannot be told from others. */
function setFor(members: readonly Pattern[], all: readonly Pattern[]): PatternSet | null {
  if (members.length === all.length) return { s: "them" };
  if (members.some(({ id }) => id === "$")) return null;
  return { s: "patterns", ids: members.map(({ id }) => id) };
}

/** The set that a part counts, or null where it counts none; the count is a text where it is not known beforehand. */
function setOf(
  expr: Expr,
  patterns: readonly Pattern[],
): { members: readonly Pattern[]; count: number | string } | null {
  // `$a or $b` is any of them; a single `$a` is an anchor.
  if (expr.k === "or") {
    const ids: string[] = [];
    for (const each of expr.all) {
      if (each.k !== "pattern" || each.at || each.in) return null;
      ids.push(each.id);
    }
    return { members: named(patterns, ids), count: 1 };
  }
  if (expr.k !== "of" || expr.at || expr.in || expr.set.s === "expressions") return null;
  const members = expr.set.s === "them" ? patterns : named(patterns, expr.set.ids);
  const { quantifier } = expr;
  if (quantifier.q === "any") return { members, count: 1 };
  if (quantifier.q === "all") return { members, count: members.length };
  if (quantifier.q !== "count" && quantifier.q !== "percent")
    return { members, count: "it asks for none of its strings" };
  const number = quantifier.of.k === "number" ? Number(quantifier.of.text) : NaN;
  // Part of a string is a whole one: 34 % of three are two.
  const count = quantifier.q === "percent" ? Math.ceil((members.length * number) / 100) : number;
  return Number.isInteger(count) && count > 0
    ? { members, count }
    : { members, count: "how many strings it asks for is not a plain number above 0" };
}
