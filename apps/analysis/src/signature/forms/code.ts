import { isElf } from "../../infection/specimen.ts";
import { runsOfHex } from "../absence.ts";
import type { Clause, ClauseString } from "../clause.ts";
import { commonRuns, type Run } from "../script/symbols.ts";
import type { Self } from "../self.ts";
import type { Form, FormInput } from "./form.ts";
import { formsOf, type Instruction, instructionsOf } from "./instructions.ts";
import { redundant } from "./windows.ts";
import { isDull, logSum } from "./yara-text.ts";

/** e_machine of x86-64 and i386. */
const MACHINES: Record<number, 64 | 32> = { 62: 64, 3: 32 };
const MIN_INSTRUCTIONS = 6;
const MAX_INSTRUCTIONS = 24;
/** Stricter than for bytes: instructions follow each other less freely than the sum of their probabilities says. */
const UNLIKELY = -90;
const MAX_TEXT = 170;
const MAX_IDLE = 16;
const MAX_STRINGS = 4;

/** Machine code whose instructions are written in another of their forms, filled with idle ones, or name other registers and addresses. */
export const codeForm: Form = {
  name: "code",
  propose({ pairs, bodies, self }: FormInput): Clause[] {
    const bits = pairs.map(({ specimen: { after } }) =>
      isElf(after) ? MACHINES[after[18]! + 256 * after[19]!] : undefined,
    );
    if (bits[0] === undefined || bits.some((each) => each !== bits[0])) return [];
    const read = bodies.map((parts) => instructionsOf(largest(parts), bits[0]!));
    if (read.some((list) => list.length < MIN_INSTRUCTIONS)) return [];
    const sets = read.map((list) => new Set(list.map(({ meaning }) => meaning)));
    const common = new Set([...sets[0]!].filter((meaning) => sets.every((set) => set.has(meaning))));
    const keyed = read.map((list) => ({
      keys: list.map(({ meaning, kind }) => (common.has(meaning) ? meaning : kind)),
    }));
    const runs = commonRuns(keyed, MAX_INSTRUCTIONS).filter(({ length }) => length >= MIN_INSTRUCTIONS);
    const strings = runs.flatMap((run) => stringsOf(run, read, self));
    strings.sort((a, b) => a.logProbability / a.text.length - b.logProbability / b.text.length);
    const clauses: Clause[] = [];
    for (let at = 0; at < strings.length && clauses.length < 3; at += MAX_STRINGS) {
      clauses.push(redundant("code", strings.slice(at, at + MAX_STRINGS)));
    }
    return clauses;
  },
};

const largest = (parts: readonly Uint8Array[]) =>
  parts.reduce<Uint8Array>((a, b) => (b.length > a.length ? b : a), new Uint8Array());

/** Hex strings over one run of instructions, each as short as it may be. */
function stringsOf(run: Run, read: readonly Instruction[][], self: Self): ClauseString[] {
  const rows = Array.from({ length: run.length }, (_, i) => read.map((list, n) => list[run.places[n]! + i]!));
  const substitutes = rows.some((row) => row.some(({ bytes }) => hex(bytes) !== hex(row[0]!.bytes)));
  const idle = Math.max(...rows.slice(1).map((row) => Math.max(...row.map(({ idleBefore }) => idleBefore))));
  if (idle > MAX_IDLE) return [];
  const jump = idle > 0 ? `[0-${idle + 2}]` : "";
  const found: ClauseString[] = [];
  let open = begin();
  for (const row of rows) {
    const piece = pieceOf(row, substitutes, self);
    if (piece === null || open.text.length + piece.text.length > MAX_TEXT) {
      open = begin();
      continue;
    }
    // A string may not begin with what is unknown.
    if (open.told === 0 && piece.text.startsWith("?")) continue;
    open.text += (open.text === "" ? "" : jump) + piece.text;
    open.logProbability += piece.logProbability + (jump === "" ? 0 : Math.log(2));
    open.told += 1;
    open.plain.push(...row[0]!.bytes);
    const ends = !piece.text.endsWith("?");
    if (
      ends &&
      open.told >= MIN_INSTRUCTIONS &&
      open.logProbability <= UNLIKELY &&
      !isDull(Uint8Array.from(open.plain))
    ) {
      const runs = runsOfHex(open.text);
      found.push({ text: `{${open.text}}`, logProbability: open.logProbability, runs });
      open = begin();
    }
  }
  return found;
}

const begin = () => ({ text: "", logProbability: 0, told: 0, plain: [] as number[] });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").toUpperCase();

/** One instruction of all bodies as part of a hex string. */
function pieceOf(
  row: readonly Instruction[],
  substitutes: boolean,
  self: Self,
): { text: string; logProbability: number } | null {
  const [first] = row as [Instruction, ...Instruction[]];
  if (row.every(({ meaning }) => meaning === first.meaning)) {
    const forms = substitutes ? formsOf(first.bytes) : [hex(first.bytes)];
    const logProbability = logSum(forms.map((form) => self.logProbability(Buffer.from(form, "hex"))));
    return { text: either(forms), logProbability };
  }
  if (row.some(({ bytes }) => bytes.length !== first.bytes.length)) return null;
  const masked = new Set<number>();
  for (let i = 0; i < first.bytes.length; i++)
    if (row.some(({ bytes }) => bytes[i] !== first.bytes[i])) masked.add(i);
  // An address of which some bytes differ varies as a whole.
  for (const { at, length } of first.operands) {
    const inside = Array.from({ length }, (_, i) => at + i);
    if (inside.some((i) => masked.has(i))) for (const i of inside) masked.add(i);
  }
  let logProbability = 0;
  let text = "";
  let part: number[] = [];
  const close = () => {
    if (part.length > 0) logProbability += self.logProbability(Uint8Array.from(part));
    part = [];
  };
  for (const [i, byte] of first.bytes.entries()) {
    if (masked.has(i)) {
      close();
      text += "??";
    } else {
      part.push(byte);
      text += hex(Uint8Array.of(byte));
    }
  }
  close();
  return { text, logProbability };
}

/** `48(89D8|8BC3)`: what all forms begin with is written once. */
function either(forms: readonly string[]): string {
  const [first] = forms as [string, ...string[]];
  if (forms.length === 1) return first;
  const shared = forms.every((form) => form.startsWith(first.slice(0, 2)) && form.length > 2) ? 2 : 0;
  return `${first.slice(0, shared)}(${forms.map((form) => form.slice(shared)).join("|")})`;
}
