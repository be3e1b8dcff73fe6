import { readFileSync } from "node:fs";
import { loadEngine } from "@thymus/detection";
import { deriveFamilyRule } from "../../apps/analysis/src/signature/family/index.ts";
import type { Self } from "../../apps/analysis/src/signature/self.ts";
import type { Build, Good } from "../signature/corpora/parts.ts";

/** How near programs come to the rule of a family: strings found of those in the rule, in tenths. */
export interface Margin {
  readonly family: string;
  readonly strings: number;
  /** Strings that are needed, over all parts of the rule. */
  readonly needed: number;
  /** The most that any good program holds. */
  readonly nearest: number;
  /** The fewest that any unseen build of the family holds. */
  readonly fewest: number;
}

/** Rules from the builds for training, their strings counted in unseen builds and in unseen goodware. */
export async function margins(
  builds: readonly Build[],
  good: readonly Good[],
  self: Self,
): Promise<Margin[]> {
  const engine = await loadEngine();
  const rules: { family: string; texts: string[]; needed: number }[] = [];
  for (const [family, all] of Map.groupBy(builds, (each) => each.family)) {
    const samples = all
      .filter(({ part }) => part === "train")
      .map(({ name, path, type }) => ({ name, type, bytes: readFileSync(path) }));
    const derived = await deriveFamilyRule({ samples, self, family });
    if ("gaveUp" in derived) continue;
    const condition = derived.rule.split("condition:")[1]!;
    const texts = [...derived.rule.matchAll(/^ +\$[a-z]\d+ = (.*)$/gm)].map(([, text]) => text!);
    const letters = [...derived.rule.matchAll(/^ +\$([a-z])\d+ = /gm)].map(([, letter]) => letter!);
    const needed = [...condition.matchAll(/(all|\d+) of \(\$([a-z])\*\)/g)].reduce(
      (sum, [, count, letter]) =>
        sum + (count === "all" ? letters.filter((each) => each === letter).length : Number(count)),
      0,
    );
    rules.push({ family, texts, needed });
  }
  const source = rules.flatMap(({ texts }, f) =>
    texts.map((text, i) => `rule f${f}_${i} { strings: $a = ${text} condition: $a }`),
  );
  const compiled = engine.compile([{ namespace: "margin", source: source.join("\n") }]);
  const count = (path: string): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const { rule } of compiled.scan(readFileSync(path))) {
      const family = Number(rule.slice(1, rule.indexOf("_")));
      counts.set(family, (counts.get(family) ?? 0) + 1);
    }
    return counts;
  };
  const nearest = rules.map(() => 0);
  for (const { path, type } of good) {
    if (type !== "elf64" && type !== "elf32") continue;
    for (const [family, found] of count(path)) nearest[family] = Math.max(nearest[family]!, found);
  }
  const result = rules.map(({ family, texts, needed }, f) => {
    const unseen = builds.filter((each) => each.family === family && each.part !== "train");
    const fewest = Math.min(...unseen.map(({ path }) => count(path).get(f) ?? 0));
    return { family, strings: texts.length, needed, nearest: nearest[f]!, fewest };
  });
  compiled.close();
  return result;
}
