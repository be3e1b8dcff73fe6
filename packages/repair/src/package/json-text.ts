/** Where things stand in a JSON text (RFC 8259), so that a part can be changed and all other text stays as it is. */
import { refuse } from "../refuse.ts";

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One member of an object: `key` with its quotes, `value` as written. */
export interface JsonMember {
  readonly name: string;
  readonly key: Span;
  readonly value: Span;
  /** The object's own members where the value is one. */
  readonly members: readonly JsonMember[] | null;
}

export interface JsonText {
  readonly members: readonly JsonMember[];
  /** The top object, from brace to brace. */
  readonly top: Span;
}

const MAX_DEPTH = 32;

/**
 * The members of an object text at every depth of objects; what stands in lists is passed over.
 * @throws ThymusError REPAIR_REFUSED where it is no JSON object or names a key twice
 */
export function readJsonText(text: string): JsonText {
  try {
    JSON.parse(text);
  } catch {
    throw refuse("the package's manifest is no JSON");
  }
  // The text is sound from here on: what follows need not look for faults.
  const start = text.search(/[^\s\ufeff]/);
  if (text[start] !== "{") throw refuse("the package's manifest is no object");
  const { members, end } = readObject(text, start, 0);
  return { members, top: { start, end } };
}

function readObject(text: string, start: number, depth: number): { members: JsonMember[]; end: number } {
  if (depth > MAX_DEPTH) throw refuse("the package's manifest is nested too deeply");
  const members: JsonMember[] = [];
  const names = new Set<string>();
  let at = skipSpace(text, start + 1);
  while (text[at] !== "}") {
    if (text[at] === ",") at = skipSpace(text, at + 1);
    const key = { start: at, end: endOfString(text, at) };
    const name = JSON.parse(text.slice(key.start, key.end)) as string;
    if (names.has(name)) throw refuse("the package's manifest has a key twice");
    names.add(name);
    const from = skipSpace(text, skipSpace(text, key.end) + 1);
    const inner = text[from] === "{" ? readObject(text, from, depth + 1) : null;
    const end = inner?.end ?? endOfValue(text, from);
    members.push({ name, key, value: { start: from, end }, members: inner?.members ?? null });
    at = skipSpace(text, end);
  }
  return { members, end: at + 1 };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at++;
  return at;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Behind a text, a list, a number or a word. */
function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const char = text[at]!;
    if (char === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (depth === 0 && (char === "," || char === "}" || char === "]" || /\s/.test(char))) return at;
    if (char === "[" || char === "{") depth++;
    if (char === "]" || char === "}") depth--;
    at++;
    if (depth === 0 && (char === "]" || char === "}")) return at;
  }
  return text.length;
}

/** The member at a path of keys with the members of all objects on the way; null where a key is missing. */
export function findMember(
  json: JsonText,
  path: readonly string[],
): { member: JsonMember; siblings: readonly JsonMember[] } | null {
  let siblings: readonly JsonMember[] = json.members;
  for (const [depth, name] of path.entries()) {
    const member = siblings.find((each) => each.name === name);
    if (member === undefined) return null;
    if (depth === path.length - 1) return { member, siblings };
    if (member.members === null) return null;
    siblings = member.members;
  }
  return null;
}
