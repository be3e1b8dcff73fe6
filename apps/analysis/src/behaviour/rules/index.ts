/**
 * The rule base: from facts to a verdict. One row a rule; the first that holds wins, so the order is the order of harm.
 * `unknown` is an honest end.
 */
import type { Facts } from "../facts.ts";
import { infectionRules, overwriteRules, ransomwareRules, wiperRules } from "./decoys.ts";
import { harmlessRules, unknownRules } from "./rest.ts";
import type { VerdictRule } from "./rule.ts";
import { dropperRules, thiefRules, wormRules } from "./signs.ts";

export const verdictRules: readonly VerdictRule[] = [
  ...ransomwareRules,
  ...wormRules,
  ...infectionRules,
  ...wiperRules,
  ...overwriteRules,
  ...thiefRules,
  ...dropperRules,
  ...unknownRules,
  ...harmlessRules,
];

export const ruleFor = (facts: Facts): VerdictRule => verdictRules.find((rule) => rule.holds(facts))!;

export type { VerdictRule } from "./rule.ts";
