import type { Random, ScriptKind } from "../kind.ts";
import { name, phrase } from "../payload/words.ts";
import { between, pick, seeded } from "../random.ts";
import { dialects } from "./dialect.ts";

/** One harmless statement; the variable's name is given when it is written. */
export type Statement = (variable: string) => string;

/** Statements that are the same for the same `seed`: settings of variables, remarks, fixed text that is shown, nothing. */
export function statements(kind: ScriptKind, seed: string, count: number): Statement[] {
  const random = seeded(`statements ${seed}`);
  return Array.from({ length: count }, () => statement(kind, random));
}

function statement(kind: ScriptKind, random: Random): Statement {
  const dialect = dialects[kind];
  const [words, number] = [phrase(random, between(random, 4, 8)), between(random, 100, 99999)];
  const numbers = Array.from({ length: between(random, 3, 7) }, () => between(random, 0, 999));
  return pick<Statement>(random, [
    (variable) => dialect.text(variable, words),
    (variable) => dialect.text(variable, words),
    (variable) => dialect.number(variable, number),
    (variable) => dialect.list(variable, numbers),
    () => dialect.print(words),
    () => dialect.idle,
  ]);
}

/** The statements with names that are the same for the same `seed`. */
export function fixedLines(kind: ScriptKind, seed: string, count: number): string[] {
  const random = seeded(`names ${seed}`);
  return statements(kind, seed, count).map((write) => write(name(random)));
}
