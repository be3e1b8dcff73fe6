/** The condition of a rule. Levels as in YARA-X's grammar; https://virustotal.github.io/yara-x/docs/writing_rules/conditions/ */
import type { Expr, Iterable, PatternSet, Quantifier, Range } from "./ast.ts";
import type { Tokens } from "./tokens.ts";

/** Operators of two operands, weakest first; all associate to the left. */
export const levels: readonly (readonly string[])[] = [
  [
    "==",
    "!=",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "iequals",
    "matches",
  ],
  ["<", "<=", ">", ">="],
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "\\", "%"],
];
/** First level that is no comparison: what may stand behind `at` and in a range. */
export const ARITHMETIC = 2;

/** @throws SyntaxFault */
export function parseCondition(tokens: Tokens): Expr {
  return tokens.nested(() => list(tokens, "or", () => list(tokens, "and", () => term(tokens))));
}

function list(tokens: Tokens, word: "and" | "or", operand: () => Expr): Expr {
  const all: Expr[] = [];
  do {
    const next = operand();
    if (next.k === word) all.push(...next.all);
    else all.push(next);
  } while (tokens.skip(word));
  return all.length === 1 ? all[0]! : { k: word, all };
}

function term(tokens: Tokens): Expr {
  if (tokens.skip("not")) return { k: "not", of: tokens.nested(() => term(tokens)) };
  if (tokens.skip("defined")) return { k: "defined", of: tokens.nested(() => term(tokens)) };
  if (tokens.is("for")) return parseFor(tokens);
  if (tokens.is("with")) return parseWith(tokens);
  const word = tokens.peek().text;
  if ((word === "all" || word === "any" || word === "none") && tokens.is("of", 1)) {
    tokens.take();
    return parseOf(tokens, { q: word });
  }
  return level(tokens, 0);
}

function level(tokens: Tokens, at: number): Expr {
  const operators = levels[at];
  if (!operators) return unary(tokens);
  let left = level(tokens, at + 1);
  if (at === ARITHMETIC && tokens.is("of")) return parseOf(tokens, { q: "count", of: left });
  if (at === ARITHMETIC && tokens.is("%") && tokens.is("of", 1)) {
    tokens.take();
    return parseOf(tokens, { q: "percent", of: left });
  }
  for (;;) {
    const { text } = tokens.peek();
    if (!tokens.is(text) || !operators.includes(text)) return left;
    if (text === "%" && tokens.is("of", 1)) return left;
    tokens.take();
    left = { k: "binary", op: text, left, right: level(tokens, at + 1) };
  }
}

const arithmetic = (tokens: Tokens) => level(tokens, ARITHMETIC);

function unary(tokens: Tokens): Expr {
  if (tokens.skip("-")) return { k: "minus", of: tokens.nested(() => unary(tokens)) };
  if (tokens.skip("~")) return { k: "flip", of: tokens.nested(() => unary(tokens)) };
  return postfix(tokens, primary(tokens));
}

function postfix(tokens: Tokens, start: Expr): Expr {
  let of = start;
  for (;;) {
    if (of.k !== "name" && of.k !== "member" && of.k !== "index" && of.k !== "call") return of;
    if (tokens.skip("."))
      of = { k: "member", of, name: tokens.expectKind("word", "the name of a field").text };
    else if (tokens.skip("[")) {
      of = { k: "index", of, at: parseCondition(tokens) };
      tokens.expect("]");
    } else if (tokens.skip("(")) of = { k: "call", of, args: commaList(tokens, ")") };
    else return of;
  }
}

/** Expressions up to and with the closing sign. */
function commaList(tokens: Tokens, close: string): Expr[] {
  const all: Expr[] = [];
  if (tokens.skip(close)) return all;
  do all.push(parseCondition(tokens));
  while (tokens.skip(","));
  tokens.expect(close);
  return all;
}

function primary(tokens: Tokens): Expr {
  const token = tokens.peek();
  switch (token.kind) {
    case "number":
      tokens.take();
      return { k: "number", text: token.text };
    case "text":
      tokens.take();
      return { k: "text", text: token.text };
    case "regex":
      tokens.take();
      return { k: "regex", body: token.text, flags: token.flags };
    case "pattern":
      return parsePattern(tokens);
    case "word":
      if (reserved.has(token.text)) throw tokens.fault("expected an expression");
      tokens.take();
      if (token.text === "true" || token.text === "false") return { k: "bool", value: token.text === "true" };
      return { k: "name", text: token.text };
    default:
      if (!tokens.skip("(")) throw tokens.fault("expected an expression");
  }
  const inside = parseCondition(tokens);
  tokens.expect(")");
  return inside;
}

const reserved = new Set([
  ...["and", "or", "not", "of", "in", "at", "for", "them", "rule", "private", "global", "meta", "strings"],
  ...["condition", "import", "include", "all", "any", "none", "defined", "matches", "contains"],
]);

function parsePattern(tokens: Tokens): Expr {
  const { text } = tokens.take();
  if (text.endsWith("*")) throw tokens.fault(`\`${text}\` may stand in a set only`);
  const id = `$${text.slice(1)}`;
  if (text[0] === "$") {
    if (tokens.skip("at")) return { k: "pattern", id, at: arithmetic(tokens) };
    if (tokens.is("in") && tokens.is("(", 1)) return { k: "pattern", id, in: behindIn(tokens) };
    return { k: "pattern", id };
  }
  if (text[0] === "#") {
    if (tokens.is("in") && tokens.is("(", 1)) return { k: "count", id, in: behindIn(tokens) };
    return { k: "count", id };
  }
  const k = text[0] === "@" ? "offset" : "length";
  if (!tokens.skip("[")) return { k, id };
  const index = parseCondition(tokens);
  tokens.expect("]");
  return { k, id, index };
}

function behindIn(tokens: Tokens): Range {
  tokens.expect("in");
  return parseRange(tokens);
}

function parseRange(tokens: Tokens): Range {
  tokens.expect("(");
  const from = tokens.nested(() => arithmetic(tokens));
  tokens.expect("..");
  const to = tokens.nested(() => arithmetic(tokens));
  tokens.expect(")");
  return { from, to };
}

function parseOf(tokens: Tokens, quantifier: Quantifier): Expr {
  tokens.expect("of");
  const set = parseSet(tokens);
  if (tokens.skip("at")) return { k: "of", quantifier, set, at: arithmetic(tokens) };
  if (tokens.is("in") && tokens.is("(", 1)) return { k: "of", quantifier, set, in: behindIn(tokens) };
  return { k: "of", quantifier, set };
}

function parseSet(tokens: Tokens): PatternSet {
  if (tokens.skip("them")) return { s: "them" };
  tokens.expect("(");
  const mark = tokens.mark();
  const ids: string[] = [];
  while (tokens.peek().kind === "pattern" && tokens.peek().text[0] === "$") {
    ids.push(tokens.take().text);
    if (tokens.skip(")")) return { s: "patterns", ids };
    if (!tokens.skip(",")) break;
  }
  // YARA-X takes expressions as well.
  tokens.back(mark);
  const list: Expr[] = [];
  do {
    const word = tokens.peek();
    if (word.kind === "word" && tokens.is("*", 1) && (tokens.is(",", 2) || tokens.is(")", 2))) {
      tokens.take();
      tokens.take();
      list.push({ k: "ruleWildcard", prefix: word.text });
    } else list.push(parseCondition(tokens));
  } while (tokens.skip(","));
  tokens.expect(")");
  return { s: "expressions", list };
}

function parseFor(tokens: Tokens): Expr {
  tokens.expect("for");
  const quantifier = parseQuantifier(tokens);
  if (tokens.skip("of")) {
    const set = parseSet(tokens);
    return { k: "forOf", quantifier, set, body: parseBody(tokens) };
  }
  const names: string[] = [];
  do names.push(tokens.expectKind("word", "the name of a variable").text);
  while (tokens.skip(","));
  tokens.expect("in");
  const over = parseIterable(tokens);
  return { k: "forIn", quantifier, names, over, body: parseBody(tokens) };
}

function parseQuantifier(tokens: Tokens): Quantifier {
  const { text } = tokens.peek();
  if (text === "all" || text === "any" || text === "none") {
    tokens.take();
    return { q: text };
  }
  // One operand only: `of` and `%` belong to the loop.
  const of = unary(tokens);
  return tokens.skip("%") ? { q: "percent", of } : { q: "count", of };
}

function parseBody(tokens: Tokens): Expr {
  tokens.expect(":");
  tokens.expect("(");
  const body = parseCondition(tokens);
  tokens.expect(")");
  return body;
}

function parseIterable(tokens: Tokens): Iterable {
  if (!tokens.skip("(")) return { o: "value", of: arithmetic(tokens) };
  const first = tokens.nested(() => arithmetic(tokens));
  if (tokens.skip("..")) {
    const to = tokens.nested(() => arithmetic(tokens));
    tokens.expect(")");
    return { o: "range", from: first, to };
  }
  const list = [first];
  while (tokens.skip(",")) list.push(tokens.nested(() => arithmetic(tokens)));
  tokens.expect(")");
  return { o: "list", list };
}

function parseWith(tokens: Tokens): Expr {
  tokens.expect("with");
  const names: { name: string; value: Expr }[] = [];
  do {
    const name = tokens.expectKind("word", "the name of a variable").text;
    tokens.expect("=");
    names.push({ name, value: arithmetic(tokens) });
  } while (tokens.skip(","));
  return { k: "with", names, body: parseBody(tokens) };
}
