/** Takes a file of rules apart. A broken rule does not hide the others: the next one begins at its own line. */
import type { MetaEntry, Pattern, Place, Rule, RuleFile, RuleRegion, Span, Statement } from "./ast.ts";
import { parseCondition } from "./condition.ts";
import { Places, SyntaxFault } from "./lexer.ts";
import { Tokens } from "./tokens.ts";

/** More than any rule has; each costs a search. */
const MAX_PATTERNS = 10_000;
const NEXT = /^[ \t]*(?:(?:private|global)\s+)*(?:rule|import|include)\b/gm;

/** Never throws, whatever the text is. */
export function parseRules(text: string): RuleFile {
  const places = new Places(text);
  const statements: Statement[] = [];
  const regions: RuleRegion[] = [];
  const faults: { place: Place; message: string }[] = [];
  let at = 0;
  while (at < text.length) {
    const tokens = new Tokens(text, at);
    try {
      const first = tokens.peek();
      if (first.kind === "end") break;
      if (tokens.is("import") || tokens.is("include")) {
        const what = tokens.take().text as "import" | "include";
        const value = tokens.expectKind("text", "a quoted name");
        statements.push({
          what,
          value: value.text,
          start: first.start,
          end: value.end,
          place: places.of(first.start),
        });
        at = value.end;
        continue;
      }
      const region = parseRegion(tokens, text, places);
      regions.push(region);
      at = region.end;
    } catch (thrown) {
      if (!(thrown instanceof SyntaxFault)) throw thrown;
      faults.push({ place: places.of(thrown.at), message: thrown.message });
      at = nextStart(text, Math.max(at + 1, thrown.at));
    }
  }
  return { statements, regions, faults };
}

function nextStart(text: string, from: number): number {
  NEXT.lastIndex = from;
  const found = NEXT.exec(text);
  return found ? found.index : text.length;
}

interface Head {
  readonly start: number;
  readonly modifiers: ("private" | "global")[];
  readonly privateAt: Span | null;
  readonly name: string;
}

/** @throws SyntaxFault where not even the head is a rule's */
function parseRegion(tokens: Tokens, text: string, places: Places): RuleRegion {
  const head = parseHead(tokens);
  const place = places.of(head.start);
  const region = { name: head.name, start: head.start, privateAt: head.privateAt, place };
  try {
    const rule = parseRule(tokens, head, places);
    return { ...region, ...rule, fault: null };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxFault)) throw thrown;
    const end = nextStart(text, Math.max(head.start + 1, thrown.at));
    const fault = { place: places.of(thrown.at), message: thrown.message };
    return { ...region, end, rule: null, fault };
  }
}

function parseHead(tokens: Tokens): Head {
  const start = tokens.peek().start;
  const modifiers: ("private" | "global")[] = [];
  let privateAt: Span | null = null;
  while (tokens.is("private") || tokens.is("global")) {
    const token = tokens.take();
    modifiers.push(token.text as "private" | "global");
    if (token.text === "private") privateAt = { start: token.start, end: token.end };
  }
  tokens.expect("rule");
  return { start, modifiers, privateAt, name: tokens.expectKind("word", "the name of a rule").text };
}

function parseRule(tokens: Tokens, head: Head, places: Places): { rule: Rule; end: number } {
  const tags: string[] = [];
  if (tokens.skip(":")) {
    while (tokens.peek().kind === "word") tags.push(tokens.take().text);
    if (tags.length === 0) throw tokens.fault("expected a tag");
  }
  tokens.expect("{");
  const meta = tokens.skip("meta") ? parseMeta(tokens) : [];
  const patterns = tokens.skip("strings") ? parsePatterns(tokens, places) : [];
  tokens.expect("condition");
  tokens.expect(":");
  const condition = parseCondition(tokens);
  const end = tokens.expect("}").end;
  const { name, modifiers, start } = head;
  return { rule: { name, modifiers, tags, meta, patterns, condition, place: places.of(start) }, end };
}

function parseMeta(tokens: Tokens): MetaEntry[] {
  tokens.expect(":");
  const entries: MetaEntry[] = [];
  while (tokens.is("=", 1)) {
    const name = tokens.expectKind("word", "the name of an entry").text;
    tokens.expect("=");
    const minus = tokens.skip("-") ? "-" : "";
    const value = tokens.take();
    if (value.kind === "text" && minus === "") entries.push({ name, value: `"${value.text}"` });
    else if (value.kind === "number") entries.push({ name, value: minus + value.text });
    else if (value.text === "true" || value.text === "false") entries.push({ name, value: value.text });
    else throw new SyntaxFault("expected a text, a number, true or false", value.start);
  }
  return entries;
}

function parsePatterns(tokens: Tokens, places: Places): Pattern[] {
  tokens.expect(":");
  const patterns: Pattern[] = [];
  while (tokens.peek().kind === "pattern") {
    const { text: id, start } = tokens.take();
    if (!/^\$[A-Za-z0-9_]*$/.test(id)) throw new SyntaxFault(`\`${id}\` is no name of a pattern`, start);
    if (patterns.length >= MAX_PATTERNS)
      throw new SyntaxFault(`more than ${MAX_PATTERNS} patterns in one rule`, start);
    tokens.expect("=");
    const { kind, text: body, flags } = tokens.take();
    if (kind !== "text" && kind !== "hex" && kind !== "regex")
      throw new SyntaxFault("expected a text, a hex pattern or a regular expression", start);
    patterns.push({ id, kind, body, flags, modifiers: parseModifiers(tokens), place: places.of(start) });
  }
  return patterns;
}

const modifiers = /^(ascii|wide|nocase|fullword|private|xor|base64|base64wide)$/;

function parseModifiers(tokens: Tokens): string[] {
  const found: string[] = [];
  while (tokens.peek().kind === "word" && modifiers.test(tokens.peek().text)) {
    const { text } = tokens.take();
    found.push(text + (tokens.is("(") ? parseArgument(tokens) : ""));
  }
  return found;
}

/** `(1-255)` of xor, `("alphabet")` of base64; what is not so is a fault. */
function parseArgument(tokens: Tokens): string {
  tokens.expect("(");
  let inside = "";
  if (tokens.peek().kind === "text") inside = `"${tokens.take().text}"`;
  else {
    inside = tokens.expectKind("number", "a number").text;
    if (tokens.skip("-")) inside += `-${tokens.expectKind("number", "a number").text}`;
  }
  tokens.expect(")");
  return `(${inside})`;
}
