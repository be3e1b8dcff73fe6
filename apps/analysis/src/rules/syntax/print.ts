/** Writes a rule as text. What is parsed again is the same rule; a test holds that. */
import type { Expr, Iterable, Pattern, PatternSet, Quantifier, Range, Rule } from "./ast.ts";
import { ARITHMETIC, levels } from "./condition.ts";

export function printRule(rule: Rule): string {
  const tags = rule.tags.length > 0 ? ` : ${rule.tags.join(" ")}` : "";
  const lines = [`${[...rule.modifiers, "rule"].join(" ")} ${rule.name}${tags} {`];
  if (rule.meta.length > 0)
    lines.push("  meta:", ...rule.meta.map(({ name, value }) => `    ${name} = ${value}`));
  if (rule.patterns.length > 0)
    lines.push("  strings:", ...rule.patterns.map((pattern) => `    ${printPattern(pattern)}`));
  lines.push("  condition:", `    ${printExpr(rule.condition)}`, "}", "");
  return lines.join("\n");
}

export function printPattern(pattern: Pattern): string {
  return [`${pattern.id} = ${printValue(pattern)}`, ...pattern.modifiers].join(" ");
}

/** The text, hex pattern or regular expression without name and modifiers. */
export function printValue({ kind, body, flags }: Pattern): string {
  return kind === "text" ? `"${body}"` : kind === "hex" ? `{${body}}` : `/${body}/${flags}`;
}

/** How tightly a form binds: or, and, not, then the levels of operators, then what needs no brackets. */
const OR = 1;
const AND = 2;
const NOT = 3;
const LEVEL = 4;
const UNARY = LEVEL + levels.length;
const PRIMARY = UNARY + 1;
const TERM = LEVEL + ARITHMETIC;

function strength(expr: Expr): number {
  switch (expr.k) {
    case "or":
      return OR;
    case "and":
      return AND;
    case "not":
    case "defined":
      return NOT;
    case "of":
    case "forOf":
    case "forIn":
    case "with":
      return NOT;
    case "pattern":
      return expr.at || expr.in ? NOT : PRIMARY;
    case "count":
      return expr.in ? NOT : PRIMARY;
    case "binary":
      return LEVEL + levels.findIndex((level) => level.includes(expr.op));
    case "minus":
    case "flip":
      return UNARY;
    default:
      return PRIMARY;
  }
}

/** @param least what the place asks for: weaker forms get brackets */
export function printExpr(expr: Expr, least = OR): string {
  const text = print(expr);
  return strength(expr) < least ? `(${text})` : text;
}

const term = (expr: Expr) => printExpr(expr, TERM);

function print(expr: Expr): string {
  switch (expr.k) {
    case "bool":
      return String(expr.value);
    case "number":
    case "name":
      return expr.text;
    case "text":
      return `"${expr.text}"`;
    case "regex":
      return `/${expr.body}/${expr.flags}`;
    case "ruleWildcard":
      return `${expr.prefix}*`;
    case "member":
      return `${printExpr(expr.of, PRIMARY)}.${expr.name}`;
    case "index":
      return `${printExpr(expr.of, PRIMARY)}[${printExpr(expr.at)}]`;
    case "call":
      return `${printExpr(expr.of, PRIMARY)}(${expr.args.map((arg) => printExpr(arg)).join(", ")})`;
    case "pattern":
      return expr.id + where(expr);
    case "count":
      return `#${expr.id.slice(1)}${where(expr)}`;
    case "offset":
    case "length": {
      const sign = expr.k === "offset" ? "@" : "!";
      return `${sign}${expr.id.slice(1)}${expr.index ? `[${printExpr(expr.index)}]` : ""}`;
    }
    case "not":
    case "defined":
      return `${expr.k} ${printExpr(expr.of, NOT)}`;
    case "minus":
      return `-${printExpr(expr.of, UNARY)}`;
    case "flip":
      return `~${printExpr(expr.of, UNARY)}`;
    case "binary": {
      const own = strength(expr);
      return `${printExpr(expr.left, own)} ${expr.op} ${printExpr(expr.right, own + 1)}`;
    }
    case "and":
      return expr.all.map((each) => printExpr(each, NOT)).join(" and ");
    case "or":
      return expr.all.map((each) => printExpr(each, AND)).join(" or ");
    case "of":
      return `${printQuantifier(expr.quantifier)} of ${printSet(expr.set)}${where(expr)}`;
    case "forOf":
      return `for ${printQuantifier(expr.quantifier)} of ${printSet(expr.set)} : (${printExpr(expr.body)})`;
    case "forIn":
      return `for ${printQuantifier(expr.quantifier)} ${expr.names.join(", ")} in ${printIterable(expr.over)} : (${printExpr(expr.body)})`;
    case "with": {
      const names = expr.names.map(({ name, value }) => `${name} = ${term(value)}`);
      return `with ${names.join(", ")} : (${printExpr(expr.body)})`;
    }
  }
}

function where(place: { readonly at?: Expr; readonly in?: Range }): string {
  return place.at ? ` at ${term(place.at)}` : place.in ? ` in ${printRange(place.in)}` : "";
}

const printRange = ({ from, to }: Range) => `(${term(from)}..${term(to)})`;

function printQuantifier(quantifier: Quantifier): string {
  if (quantifier.q === "count") return printExpr(quantifier.of, PRIMARY);
  if (quantifier.q === "percent") return `${printExpr(quantifier.of, PRIMARY)}%`;
  return quantifier.q;
}

function printSet(set: PatternSet): string {
  if (set.s === "them") return "them";
  if (set.s === "patterns") return `(${set.ids.join(", ")})`;
  return `(${set.list.map((each) => printExpr(each)).join(", ")})`;
}

function printIterable(over: Iterable): string {
  if (over.o === "range") return printRange(over);
  return over.o === "list" ? `(${over.list.map(term).join(", ")})` : term(over.of);
}
