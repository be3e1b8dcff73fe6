/** What YARA 4 and YARA-X make of a condition. */
import { walk } from "../judge/shape.ts";
import type { Expr, Quantifier, Range } from "../syntax/ast.ts";
import { meantOtherwise, refusedBy4, refusedByX, type Way } from "./difference.ts";
import { regexWays } from "./regex.ts";

const MAX_LOOPS = 4;

export function conditionWays(condition: Expr): Way[] {
  const ways: Way[] = [];
  const add = (...more: readonly (Way | null)[]) => {
    for (const way of more) if (way && !ways.some(({ message }) => message === way.message)) ways.push(way);
  };
  for (const expr of walk(condition)) add(...waysOf(expr));
  if (loops(condition) > MAX_LOOPS)
    add(refusedBy4(`it has more than ${MAX_LOOPS} loops within each other`, "nest fewer"));
  return ways;
}

function waysOf(expr: Expr): (Way | null)[] {
  switch (expr.k) {
    case "name":
      return expr.text === "entrypoint"
        ? [refusedByX("it uses `entrypoint`", "use pe.entry_point or elf.entry_point")]
        : [];
    case "with":
      return [refusedBy4("it uses `with`", "write the values where they are used")];
    case "ruleWildcard":
      return [refusedByX(`it names rules by their beginning (${expr.prefix}*)`, "name each rule")];
    case "regex":
      return regexWays(expr.body, expr.flags);
    case "pattern":
      return [
        ...(expr.at && negative(expr.at) ? [below("a place")] : []),
        ...(expr.in ? rangeWays(expr.in) : []),
      ];
    case "count":
      return expr.in ? rangeWays(expr.in) : [];
    case "offset":
    case "length":
      return expr.index && (negative(expr.index) || isZero(expr.index))
        ? [refusedByX("the first match is number 1", "write [1]")]
        : [];
    case "binary":
      return (expr.op === "\\" || expr.op === "%") && isZero(expr.right)
        ? [refusedBy4("it divides by zero", "it is never met")]
        : [];
    case "of":
      return [
        ...quantifierWays(expr.quantifier, false),
        ...(expr.in ? rangeWays(expr.in) : []),
        expr.at ? refusedBy4("it uses `of ... at`", "name the strings: $a at 0 or $b at 0", "4.3") : null,
        expr.at && negative(expr.at) ? below("a place") : null,
        expr.set.s === "expressions" && !expr.set.list.every(({ k }) => k === "name" || k === "ruleWildcard")
          ? refusedBy4("it counts conditions", "write them with and, or")
          : null,
      ];
    case "forOf":
      return quantifierWays(expr.quantifier, true);
    case "forIn":
      return [
        ...quantifierWays(expr.quantifier, true),
        ...(expr.over.o === "range" ? rangeWays(expr.over) : []),
        expr.over.o === "list" && expr.over.list.some(({ k }) => k === "text")
          ? refusedBy4("it goes over texts", "write them with or", "4.3")
          : null,
      ];
    case "call":
      return [callWay(expr)];
    default:
      return [];
  }
}

const below = (what: string) => refusedByX(`${what} is below zero`, "count from 0, or write filesize - n");

function rangeWays({ from, to }: Range): (Way | null)[] {
  if (negative(from) || negative(to)) return [below("the begin of a range")];
  return from.k === "number" && to.k === "number" && Number(from.text) > Number(to.text)
    ? [refusedByX("a range ends before it begins", "turn its ends round")]
    : [];
}

function quantifierWays(quantifier: Quantifier, loop: boolean): (Way | null)[] {
  if (quantifier.q === "none")
    return loop ? [meantOtherwise("`for none` is always met", "write `not for any`", "4.3")] : [];
  if (quantifier.q === "percent")
    return isZero(quantifier.of) ? [refusedBy4("it asks for 0%", "write `none of`")] : [];
  if (quantifier.q !== "count") return [];
  if (negative(quantifier.of)) return [below("a count")];
  if (isZero(quantifier.of))
    return loop
      ? [meantOtherwise("`for 0` is always met", "write `for none` or leave it out", "4.3")]
      : [meantOtherwise("`0 of` means none in YARA 4, any number in YARA-X", "write `none of`", "4.3")];
  return quantifier.of.k === "number"
    ? []
    : [
        meantOtherwise(
          "a computed count may be 0, which means none in YARA 4",
          "ask for at least 1 besides",
          "4.3",
        ),
      ];
}

/** Calls that only one of the two has, or that answer otherwise. */
function callWay({ of }: Extract<Expr, { k: "call" }>): Way | null {
  const name = of.k === "member" && of.of.k === "name" ? `${of.of.text}.${of.name}` : "";
  if (/^elf\.(telfhash|import_md5)$/.test(name))
    return refusedBy4(`it calls ${name}`, "compare imports otherwise", "4.3");
  if (name === "math.to_string") return refusedBy4(`it calls ${name}`, "compare numbers", "4.3");
  if (name === "math.serial_correlation")
    return meantOtherwise("math.serial_correlation has other results", "use math.entropy");
  if (/^hash\./.test(name))
    return meantOtherwise(
      "a hash that reaches beyond the end of the file is that of what is there in YARA 4, and none in YARA-X",
      "reach no further than filesize",
    );
  return null;
}

const isZero = (expr: Expr) => expr.k === "number" && Number(expr.text) === 0;
const negative = (expr: Expr): boolean => expr.k === "minus" && !isZero(expr.of);

function loops(expr: Expr): number {
  let most = 0;
  const down = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) for (const each of value) down(each, depth);
    else if (typeof value === "object" && value !== null) {
      const here = "k" in value && (value.k === "forIn" || value.k === "forOf") ? depth + 1 : depth;
      most = Math.max(most, here);
      for (const each of Object.values(value)) down(each, here);
    }
  };
  down(expr, 0);
  return most;
}
