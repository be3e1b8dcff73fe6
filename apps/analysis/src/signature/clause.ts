import type { Family } from "@thymus/contracts";
import { type CompiledRules, loadEngine } from "@thymus/detection";
import type { Runs } from "./absence.ts";

/** A string of a clause, as YARA writes it, modifiers and all. */
export interface ClauseString {
  readonly text: string;
  readonly logProbability: number;
  /** Its bytes where it is a plain run. */
  readonly bytes?: Uint8Array;
  /** Of a string that is no plain run; by them an index can tell without a scan that it is in no file. */
  readonly runs?: Runs;
}

/** One way for a file to be found: so many of these strings, and a condition besides where there is one. */
export interface Clause {
  /** What it rests on, for reports: `constant`, `wild cards`, `xor` ... */
  readonly form: string;
  readonly strings: readonly ClauseString[];
  readonly needed: number;
  readonly condition: string | null;
  /** Estimated natural logarithm of the probability that goodware fits. */
  readonly logProbability: number;
}

const LETTERS = "abcdefghij";

/** Strings and condition of one clause; `letter` keeps those of several clauses apart. */
function parts(clause: Clause, letter: string): { strings: string[]; condition: string } {
  const strings = clause.strings.map(({ text }, i) => `    $${letter}${i} = ${text}`);
  const wanted: string[] = [];
  if (clause.strings.length === 1) wanted.push(`$${letter}0`);
  else if (clause.strings.length > 1) {
    wanted.push(`${clause.needed === clause.strings.length ? "all" : clause.needed} of ($${letter}*)`);
  }
  if (clause.condition !== null) wanted.push(clause.condition);
  return { strings, condition: wanted.join(" and ") };
}

/** An ELF file's first bytes; asked first, engines that look for strings only when they need them pass over all other files. */
const ELF = "uint32(0) == 0x464C457F";

function ruleOf(name: string, meta: readonly string[], clauses: readonly Clause[], elfOnly = false): string {
  const each = clauses.map((clause, c) => parts(clause, LETTERS[c]!));
  const strings = each.flatMap((part) => part.strings);
  const conditions = each.map(({ condition }) => condition);
  const any =
    conditions.length === 1
      ? conditions[0]!
      : conditions.map((text) => (text.includes(" and ") ? `(${text})` : text)).join(" or ");
  const isAsked = !elfOnly || conditions.every((text) => text.startsWith(ELF));
  const joined = isAsked ? any : `${ELF} and ${conditions.length === 1 ? any : `(${any})`}`;
  return [
    `rule ${name} {`,
    ...(meta.length > 0 ? ["  meta:", ...meta.map((line) => `    ${line}`)] : []),
    ...(strings.length > 0 ? ["  strings:", ...strings] : []),
    "  condition:",
    `    ${joined}`,
    "}",
    "",
  ].join("\n");
}

/** The rule of a family: a file matches where it fits any of the clauses (and is an ELF file, where only those count). */
export function clausesRule(family: Family | string, clauses: readonly Clause[], elfOnly = false): string {
  return ruleOf(`thymus_${family.replace(/[^a-z0-9]/g, "_")}`, [`family = "${family}"`], clauses, elfOnly);
}

/** A rule of one clause, to try it. */
export function trialRule(name: string, clause: Clause): string {
  return ruleOf(name, [], [clause]);
}

/** Which of the clauses fit which files, by the engine that scans machines. Clauses that it does not take are left out. */
export class Trial {
  readonly clauses: readonly Clause[];
  readonly #rules: CompiledRules;

  private constructor(clauses: readonly Clause[], rules: CompiledRules) {
    this.clauses = clauses;
    this.#rules = rules;
  }

  static async of(clauses: readonly Clause[]): Promise<Trial> {
    const engine = await loadEngine();
    const source = (list: readonly Clause[]) =>
      list.map((clause, i) => trialRule(`c${i}`, clause)).join("\n");
    const compile = (list: readonly Clause[]) =>
      engine.compile([{ namespace: "trial", source: source(list) }]);
    try {
      return new Trial(clauses, compile(clauses));
    } catch {
      const taken = clauses.filter((clause) => {
        try {
          compile([clause]).close();
          return true;
        } catch {
          return false;
        }
      });
      return new Trial(taken, compile(taken));
    }
  }

  /** Indices of the clauses that fit. */
  fitting(bytes: Uint8Array): Set<number> {
    return new Set(this.#rules.scan(bytes).map(({ rule }) => Number(rule.slice(1))));
  }

  close(): void {
    this.#rules.close();
  }
}

/** The clauses that fit every infected file and no clean one. */
export async function fittingClauses(
  clauses: readonly Clause[],
  infected: readonly Uint8Array[],
  clean: readonly Uint8Array[],
): Promise<Clause[]> {
  if (clauses.length === 0) return [];
  const trial = await Trial.of(clauses);
  try {
    let left = new Set(trial.clauses.keys());
    for (const bytes of infected) {
      if (left.size === 0) break;
      left = left.intersection(trial.fitting(bytes));
    }
    for (const bytes of clean) {
      if (left.size === 0) break;
      left = left.difference(trial.fitting(bytes));
    }
    return [...left].map((i) => trial.clauses[i]!);
  } finally {
    trial.close();
  }
}
