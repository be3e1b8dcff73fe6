import { readFileSync } from "node:fs";
import { featuresOf } from "../../apps/analysis/src/signature/family/index.ts";
import { WINDOW } from "../../apps/analysis/src/signature/features/index.ts";
import type { Good } from "../signature/corpora/parts.ts";

export type Kind = "code" | "text";

/** A run of {@link WINDOW} bytes of a good program. */
export interface Drawn {
  readonly kind: Kind;
  readonly bytes: Buffer;
  /** Source package that it is from. */
  readonly source: string;
  readonly path: string;
}

const PER_FILE = 30;
const PER_SOURCE = 300;
const MAX_FILE = 8 << 20;
const MIN_VALUES = 9;
const TYPES = new Set(["elf64", "elf32", "shell", "python", "perl", "php", "node"]);

/** Random runs of machine code and of texts, few of each file and of each source package; the same ones each time. */
export function draw(files: readonly Good[]): Drawn[] {
  const dice = generator(1994);
  const taken = new Map<string, number>();
  const drawn: Drawn[] = [];
  for (const { path, size, source, type } of files) {
    if (!TYPES.has(type) || size > MAX_FILE || (taken.get(source) ?? 0) >= PER_SOURCE) continue;
    const bytes = readFileSync(path);
    const features = featuresOf({ bytes, type });
    const found: Drawn[] = [];
    const keep = (kind: Kind, at: number) => {
      const run = bytes.subarray(at, at + WINDOW);
      if (run.length === WINDOW && new Set(run).size >= MIN_VALUES)
        found.push({ kind, bytes: Buffer.from(run), source, path });
    };
    const code = features.structure?.code ?? [];
    for (let i = 0; i < PER_FILE && code.length > 0; i++) {
      const { start, end } = code[dice(code.length)]!;
      keep("code", start + dice(Math.max(1, end - start - WINDOW)));
    }
    const texts = [...features.strings].filter(([text]) => text.length >= WINDOW && !text.includes("\0"));
    for (let i = 0; i < PER_FILE && texts.length > 0; i++) {
      const [text, at] = texts[dice(texts.length)]!;
      keep("text", at + dice(text.length - WINDOW + 1));
    }
    taken.set(source, (taken.get(source) ?? 0) + found.length);
    drawn.push(...found);
  }
  return drawn;
}

/** Linear congruential generator (Numerical Recipes): a whole number below the limit. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
