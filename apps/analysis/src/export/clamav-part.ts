/** One string of a rule as a subsignature of ClamAV; https://docs.clamav.net/manual/Signatures/BodySignatureFormat.html. Pure. */
import { textBytes } from "../rules/judge/bytes.ts";
import type { Expr, Pattern } from "../rules/syntax/ast.ts";

/** Why a rule cannot be said in ClamAV's words. */
export class Refusal extends Error {}

/** @param place `OFFSET` or `OFFSET,SHIFT`; anywhere unless told. @throws Refusal */
export function subsignature(pattern: Pattern, place = ""): string {
  const { id, kind, body, modifiers } = pattern;
  if (kind === "regex") throw new Refusal(`${id} is a regular expression`);
  const letters: string[] = [];
  for (const modifier of modifiers) {
    if (modifier === "nocase") letters.push("i");
    else if (modifier === "wide") letters.push("w");
    else if (modifier === "ascii") letters.push("a");
    else if (modifier === "fullword") letters.push("f");
    else if (modifier !== "private") throw new Refusal(`${id} is searched with ${modifier}`);
  }
  // What stands beside a wide text is looked at otherwise by YARA.
  if (letters.includes("f") && letters.includes("w")) throw new Refusal(`${id} is fullword and wide`);
  const hex = kind === "text" ? Buffer.from(textBytes(body)).toString("hex") : hexBody(id, body);
  // ClamAV searches for two bytes of each part between jumps; alternatives and wild cards are none.
  for (const part of hex.replace(/\([^)]*\)/g, "??").split(/\{[^}]*\}/))
    if (!/^(?:(?:[0-9a-f?]{2})*?)(?:[0-9a-f]{2}){2}/.test(part))
      throw new Refusal(`${id} has a part without two fixed bytes in a row`);
  const where = place === "" ? "" : `${place}:`;
  return `${where}${hex}${letters.length > 0 ? `::${letters.join("")}` : ""}`;
}

function hexBody(id: string, body: string): string {
  const bare = body.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, " ").replace(/\s+/g, "");
  if (bare.includes("~")) throw new Refusal(`${id} has negated bytes`);
  const plain = bare.replace(/\([^()]*\)/g, "");
  if (/[()]/.test(plain)) throw new Refusal(`${id} has alternatives inside of alternatives`);
  for (const [group] of bare.matchAll(/\([^()]*\)/g))
    if (!/^\((?:[0-9a-f]{2})+(?:\|(?:[0-9a-f]{2})+)+\)$/i.test(group))
      throw new Refusal(`${id} has alternatives that are more than bytes`);
  const text = bare
    .toLowerCase()
    .replace(/\[(\d+)(?:-(\d+))?\]/g, (_all, from: string, to: string | undefined) =>
      to === undefined || to === from ? `{${from}}` : `{${from}-${to}}`,
    );
  if (text.includes("[")) throw new Refusal(`${id} has a jump without end`);
  return text;
}

/** `uint32(0) == 0x464c457f` as bytes at their place; null where it is another comparison. */
export function readBytes(left: Expr, right: Expr): string | null {
  if (left.k !== "call" || left.of.k !== "name" || left.args.length !== 1) return null;
  const [, bits, big] = /^uint(16|32)(be)?$/.exec(left.of.text) ?? [];
  const at = numberOf(left.args[0]!);
  const value = numberOf(right);
  if (bits === undefined || at === null || value === null || value >= 2 ** Number(bits)) return null;
  const bytes = Buffer.alloc(Number(bits) / 8);
  if (big) bytes.writeUIntBE(value, 0, bytes.length);
  else bytes.writeUIntLE(value, 0, bytes.length);
  return `${at}:${bytes.toString("hex")}`;
}

/** A number as written, `10KB` and `0x7f` too; null where it is another expression or no whole number of at least 0. */
export function numberOf(expr: Expr): number | null {
  if (expr.k !== "number") return null;
  const [, digits, unit] = /^(0x[0-9a-f]+|0o[0-7]+|\d+)(KB|MB)?$/i.exec(expr.text) ?? [];
  const number = Number(digits) * (unit === "KB" ? 2 ** 10 : unit === "MB" ? 2 ** 20 : 1);
  return Number.isSafeInteger(number) ? number : null;
}
