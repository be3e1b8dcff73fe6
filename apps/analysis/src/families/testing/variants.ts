/** Programs of one inert family: what all hold, and more that each adds, so that a rule of one misses the others. */
import { program, sentence } from "../../signature/family/testing/programs.ts";

export const texts = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => sentence(from + i));
export const core = texts(1000, 30);
export const built = (lines: readonly string[], seed: number) => program({ texts: lines, seed });
export const variant = (number: number) => built([...texts(10_000 * number, 70), ...core], number);
/** Two good programs that share nothing with them. */
export const good = [texts(900_000, 40), texts(910_000, 40)].map((lines, i) => built(lines, 100 + i));
