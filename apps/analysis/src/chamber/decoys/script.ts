/** Writes scripts that differ in everything a virus could meet: size, shebang, line ends, last line, order of parts. */
import type { Language } from "./language.ts";
import type { SeededRandom } from "./random.ts";
import { names, noun, phrase, sentence, verb } from "./words.ts";

export interface ScriptShape {
  /** First line, or null for none. */
  readonly shebang: string | null;
  /** Roughly so many bytes. */
  readonly size: number;
  readonly finalNewline: boolean;
  readonly crlf: boolean;
}

/** A script that prints something and ends with status 0. */
export function writeScript(random: SeededRandom, language: Language, shape: ScriptShape): Buffer {
  const identifiers = names(random, 400);
  const functions: string[] = [];
  const fresh = () => identifiers.pop() ?? `v${random.below(1e9)}`;
  const lines: string[] = [];
  const comments = (count: number) => {
    for (let at = 0; at < count; at++) lines.push(language.comment(sentence(random)));
  };
  lines.push(...language.opening(random));
  comments(random.between(0, 3));
  const addFunction = () => {
    const name = `${verb(random)}_${fresh()}`;
    functions.push(name);
    lines.push(...language.define(name, random));
  };
  addFunction();
  const target = Math.max(120, shape.size);
  const length = () => lines.reduce((sum, line) => sum + line.length + 1, 0);
  const parts: (() => void)[] = [
    addFunction,
    () =>
      lines.push(
        language.assign(
          fresh(),
          random.chance(0.5) ? random.below(10_000) : phrase(random, random.between(1, 6)),
        ),
      ),
    () => {
      const rows = names(random, random.between(3, 24)).map((name) => [name, random.below(1000)] as const);
      lines.push(...language.table(fresh(), rows));
    },
    () => {
      const sum = fresh();
      lines.push(...language.loop(random.pick(functions), sum, random.between(2, 12)));
      if (random.chance(0.4)) lines.push(...language.condition(sum, random.below(2000), noun(random)));
    },
    () => comments(random.between(1, 4)),
    () => lines.push(""),
  ];
  while (length() < target - 160) random.pick(parts)();
  const sum = fresh();
  lines.push(...language.loop(random.pick(functions), sum, random.between(2, 6)));
  lines.push(language.print(phrase(random, 2), sum));
  lines.push(...language.ending(random, functions));
  if (shape.shebang !== null) lines.unshift(shape.shebang);
  const text = lines.join(shape.crlf ? "\r\n" : "\n");
  return Buffer.from(shape.finalNewline ? `${text}${shape.crlf ? "\r\n" : "\n"}` : text);
}

/** Shell scripts must not have CRLF line ends: they would not run. */
export function randomShape(
  random: SeededRandom,
  shebangs: readonly (string | null)[],
  crlfRuns: boolean,
): ScriptShape {
  const shebang = random.pick(shebangs);
  const size = random.pick([250, 400, 700, 1100, 1800, 3000, 5000, 9000, 14_000, 20_000]);
  const crlf = crlfRuns && shebang === null && random.chance(0.12);
  return {
    shebang,
    size: Math.round(size * (0.8 + random.below(400) / 1000)),
    finalNewline: random.chance(0.75),
    crlf,
  };
}
