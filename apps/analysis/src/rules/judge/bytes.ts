/** The bytes of a pattern that never vary, in runs. */
import type { Pattern } from "../syntax/ast.ts";

const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9 };

/** Bytes of a quoted text; characters beyond ASCII are UTF-8. */
export function textBytes(body: string): Uint8Array {
  const parts: Buffer[] = [];
  for (const [piece] of body.matchAll(/\\x[0-9a-fA-F]{2}|\\.|[^\\]+/gs)) {
    if (piece.startsWith("\\x")) parts.push(Buffer.from(piece.slice(2), "hex"));
    else if (piece.startsWith("\\"))
      parts.push(piece[1]! in escapes ? Buffer.of(escapes[piece[1]!]!) : Buffer.from(piece.slice(1), "utf8"));
    else parts.push(Buffer.from(piece, "utf8"));
  }
  return Buffer.concat(parts);
}

/** Runs of fixed bytes; alternatives, wild cards, jumps, and whatever a regular expression leaves open, end a run. */
export function fixedRuns(pattern: Pattern): Uint8Array[] {
  if (pattern.kind === "text") {
    const bytes = textBytes(pattern.body);
    const onlyWide = pattern.modifiers.includes("wide") && !pattern.modifiers.includes("ascii");
    return [onlyWide ? Uint8Array.from([...bytes].flatMap((byte) => [byte, 0])) : bytes];
  }
  return pattern.kind === "hex" ? hexRuns(pattern.body) : regexRuns(pattern.body);
}

function hexRuns(body: string): Uint8Array[] {
  const plain = body.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, " ").replace(/\([^()]*\)/g, " ? ");
  // What is nested deeper than one bracket is left open as well.
  let flat = plain;
  for (let last = ""; last !== flat; ) {
    last = flat;
    flat = flat.replace(/\([^()]*\)/g, " ? ");
  }
  return flat
    .replace(/\[[^\]]*\]|~?\s*(?:\?[0-9a-fA-F?]|[0-9a-fA-F]\?)|~\s*[0-9a-fA-F]{2}|\?/g, "|")
    .split("|")
    .map((run) => Buffer.from(run.replace(/[^0-9a-fA-F]/g, ""), "hex"))
    .filter((run) => run.length > 0);
}

/** Literal runs of a regular expression outside of groups and classes; with an alternative at its top there are none. */
function regexRuns(body: string): Uint8Array[] {
  const runs: number[][] = [[]];
  let depth = 0;
  for (const [piece] of body.matchAll(/\\x[0-9a-fA-F]{2}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[^}]*\}|[^\\]/gs)) {
    const here = runs.at(-1)!;
    if (piece === "(") depth++;
    if (piece === "|" && depth === 0) return [];
    const byte = literal(piece);
    if (depth === 0 && byte !== null) {
      here.push(byte);
      continue;
    }
    if (piece === ")") depth = Math.max(0, depth - 1);
    // A repetition makes the byte before it vary.
    if (depth === 0 && /^[*?{+]/.test(piece)) here.pop();
    runs.push([]);
  }
  return runs.filter((run) => run.length > 0).map((run) => Uint8Array.from(run));
}

function literal(piece: string): number | null {
  if (/^\\x../.test(piece)) return Number.parseInt(piece.slice(2), 16);
  if (piece.length === 2 && piece[0] === "\\") {
    if (/[A-Za-z0-9]/.test(piece[1]!)) return escapes[piece[1]!] ?? null;
    return piece.charCodeAt(1);
  }
  return piece.length === 1 && !/[.^$*+?()[\]{}|]/.test(piece) && piece.charCodeAt(0) < 0x80
    ? piece.charCodeAt(0)
    : null;
}
