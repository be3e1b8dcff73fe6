/** Stricter forms of a rule that still find its samples. Each finds a part of what the rule finds, never more. */
import type { RuleStringJudgement } from "@thymus/contracts";
import type { Pattern, Rule } from "../syntax/ast.ts";
import { type Simple, simpleForms } from "./simple.ts";

/** Forms of one rule that are searched in all of self. */
const MAX_PROPOSALS = 4;
export interface Known {
  /** In the order of the rule's strings. */
  readonly judged: readonly RuleStringJudgement[];
  /** Files that hold each of its strings, by the string's place in the rule. */
  readonly self: readonly ReadonlySet<string>[];
  readonly samples: readonly ReadonlySet<string>[];
  /** What the rule finds now. */
  readonly hits: ReadonlySet<string>;
  readonly found: ReadonlySet<string>;
}

export interface Proposal {
  readonly rule: Rule;
  readonly changes: readonly string[];
  /** At most so many files of self, by what strings they hold. */
  readonly expected: number;
  /** ln p of the likeliest strings that are enough for it: those in self count as certain. */
  readonly likeliest: number;
}

/** @returns what to try, best first, or in words why there is nothing */
export function proposals(rule: Rule, known: Known): Proposal[] | string {
  if (known.hits.size === 0) return "it hits nothing in self";
  if (known.found.size === 0) return "it finds none of the samples";
  const forms = simpleForms(rule);
  if (typeof forms === "string") return forms;
  const open = forms.filter(({ members, count }) => count < members.length);
  if (open.length === 0) return "it asks for all of its strings already";
  const useful = open
    .flatMap((form) => proposalsOf(rule, form, known))
    .filter(({ expected }) => expected < known.hits.size);
  if (useful.length === 0)
    return "no choice of its strings hits fewer files of self and still finds the same samples";
  return useful.sort((a, b) => a.expected - b.expected || a.likeliest - b.likeliest).slice(0, MAX_PROPOSALS);
}

function proposalsOf(rule: Rule, simple: Simple, known: Known): Proposal[] {
  const { members, count } = simple;
  const place = (pattern: Pattern) => rule.patterns.indexOf(pattern);
  const verdict = (pattern: Pattern) => known.judged[place(pattern)]?.verdict;
  const choices = [
    members,
    members.filter((each) => verdict(each) !== "common"),
    members.filter((each) => (known.self[place(each)]?.size ?? 0) === 0),
    members.filter((each) => verdict(each) === "strong" || verdict(each) === "plausible"),
  ];
  const made = new Map<string, Proposal>();
  for (const left of choices) {
    const holds = (files: readonly ReadonlySet<string>[], path: string) =>
      left.filter((each) => files[place(each)]?.has(path)).length;
    const most = Math.min(...[...known.found].map((path) => holds(known.samples, path)));
    if (left.length === 0 || most < count) continue;
    const inSelf = [...known.hits].map((path) => holds(known.self, path));
    const least = Math.min(Math.max(count, Math.max(...inSelf) + 1), most);
    const key = `${left.map(place).join(",")}/${least}`;
    if (made.has(key) || (left.length === members.length && least === count)) continue;
    const stricter = simple.rewrite(left, least);
    if (stricter === null) continue;
    const gone = members.filter((each) => !left.includes(each));
    made.set(key, {
      rule: stricter,
      changes: [
        ...(gone.length > 0 ? [`no longer counts ${gone.map(({ id }) => id).join(", ")}`] : []),
        ...(least > count ? [`asks for ${least} strings instead of ${count}`] : []),
      ],
      likeliest: likeliest(
        left.map((each) => known.judged[place(each)]!),
        least,
      ),
      expected: inSelf.filter((held) => held >= least).length,
    });
  }
  return [...made.values()];
}

function likeliest(strings: readonly RuleStringJudgement[], count: number): number {
  const all = strings.map(({ files, logProbability }) => (files > 0 ? 0 : (logProbability ?? 0)));
  return all
    .sort((a, b) => b - a)
    .slice(0, count)
    .reduce((sum, each) => sum + each, 0);
}
