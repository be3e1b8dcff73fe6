import { combine } from "../suspicion/score.ts";
import type { Facts, Sign } from "./facts.ts";
import { signsOf } from "./registry.ts";

/** A score with its reasons, the strongest first. */
export interface Judgement {
  readonly score: number;
  readonly signs: readonly Sign[];
  /** It destroys what others own right now: only then is a tree stopped, whatever its score is. */
  readonly destroying: boolean;
}

/** What a process tree does as long as it runs; the others say what it is. */
const destruction = new Set(["documents-turned", "decoys-touched", "programs-infected"]);

export function judge(facts: Facts): Judgement {
  const signs = signsOf(facts).sort((a, b) => b.weight - a.weight || (a.rule < b.rule ? -1 : 1));
  return {
    score: combine(signs.map(({ weight }) => weight)),
    signs,
    destroying: signs.some(({ rule, weight }) => destruction.has(rule) && weight >= 0.5),
  };
}

/** The whole reasoning in plain words: each fact, what it weighs, and what would have to be different. */
export function explain({ score, signs }: Judgement): string {
  const reasons = signs.map(({ what, weight, unless }) => `${what} (${weight.toFixed(2)}; not if ${unless})`);
  return `score ${score.toFixed(2)}: ${reasons.join("; ")}`;
}
