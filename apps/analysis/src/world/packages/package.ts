import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { noun, verb } from "../../chamber/decoys/words.ts";
import type { TreeFile } from "../part.ts";

/** One published state of a package's sources. */
export interface Release {
  readonly version: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly message: string;
  readonly files: readonly TreeFile[];
}

export interface SourcePackage {
  readonly name: string;
  /** Folder of its sources, below the home folder. */
  readonly folder: string;
  /** Oldest first. */
  readonly releases: readonly Release[];
}

export const text = (path: string, content: string, executable = false): TreeFile => ({
  path,
  content: Buffer.from(content),
  ...(executable ? { executable } : {}),
});

/** Names that no other package of this world has. */
export function nameGiver(random: SeededRandom): () => string {
  const taken = new Set<string>();
  return () => {
    for (;;) {
      const name = random.chance(0.5) ? `${verb(random)}-${noun(random)}` : `${noun(random)}-${noun(random)}`;
      if (taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
}

/** Two to four versions in the order in which they came out. */
export function versions(random: SeededRandom): string[] {
  const list = [[random.below(3), random.below(5), random.below(4)]];
  if (list[0]![0] === 0) list[0]![1]! += 1;
  for (let more = random.between(1, 3); more > 0; more--) {
    const [major, minor, patch] = list.at(-1)! as [number, number, number];
    list.push(random.chance(0.55) ? [major, minor, patch + 1] : [major, minor + 1, 0]);
  }
  return list.map((parts) => parts.join("."));
}

/** Days on which versions came out, the last some weeks before `now`. Seconds since 1970, ascending. */
export function days(random: SeededRandom, count: number, now: number): number[] {
  const list: number[] = [];
  for (
    let at = now - random.between(10, 60) * 86_400;
    list.length < count;
    at -= random.between(9, 120) * 86_400
  )
    list.unshift(at + random.below(30_000));
  return list;
}

export const license = (owner: string) => `MIT License

Copyright (c) 2025 ${owner}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;
