import type { SeededRandom } from "./random.ts";

/** What a script generator needs of a language: how the parts that every script has are spelled. */
export interface Language {
  readonly comment: (text: string) => string;
  /** Lines at the top, e.g. imports; also what PHP needs before any code. */
  readonly opening: (random: SeededRandom) => string[];
  /** A variable with a text or a number. */
  readonly assign: (name: string, value: string | number) => string;
  /** A function of one number that gives back a number. */
  readonly define: (name: string, random: SeededRandom) => string[];
  /** A loop that calls the function a few times and keeps the sum. */
  readonly loop: (name: string, sum: string, times: number) => string[];
  readonly condition: (sum: string, limit: number, text: string) => string[];
  /** A table of names and numbers. */
  readonly table: (name: string, rows: readonly (readonly [string, number])[]) => string[];
  /** Prints a text and a variable. */
  readonly print: (text: string, name: string) => string;
  readonly ending: (random: SeededRandom, functions: readonly string[]) => string[];
}
