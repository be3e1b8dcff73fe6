/** A better rule is offered only after it was compiled, and searched in all of self and in all samples. */
import type { RuleBetter } from "@thymus/contracts";
import type { RuleSource } from "@thymus/detection";
import type { Hits } from "../evaluate/hits.ts";
import { printRule } from "../syntax/print.ts";
import type { Proposal } from "./propose.ts";

export interface Candidate {
  /** Of the file that the rule is in. */
  readonly namespace: string;
  readonly proposals: readonly Proposal[] | string;
  readonly hits: ReadonlySet<string>;
  readonly found: ReadonlySet<string>;
}

export interface Trial {
  /** The texts of these sources that compile; what does not is blank in them. */
  compile(sources: readonly RuleSource[]): Promise<readonly { text: string; rules: ReadonlySet<string> }[]>;
  self(sources: readonly RuleSource[]): Promise<Hits>;
  samples(sources: readonly RuleSource[]): Promise<Hits>;
}

/**
 * @param sources the files that the rules are in: proposals are tried beside the rules that they may name
 * @returns in the order of the candidates
 */
export async function tryBetter(
  candidates: readonly Candidate[],
  sources: readonly RuleSource[],
  trial: Trial,
): Promise<RuleBetter[]> {
  const named = candidates.map(({ proposals }, at) =>
    typeof proposals === "string"
      ? []
      : proposals.map((proposal, number) => ({ proposal, name: freshName(at, number, sources) })),
  );
  const extended = sources.flatMap(({ namespace, source }) => {
    const added = candidates.flatMap((candidate, at) =>
      candidate.namespace === namespace
        ? named[at]!.map(({ proposal, name }) => printRule({ ...proposal.rule, modifiers: [], name }))
        : [],
    );
    return added.length > 0 ? [{ namespace, source: `${source}\n${added.join("\n")}` }] : [];
  });
  if (extended.length === 0) return candidates.map(({ proposals }) => none(String(proposals)));
  const compiled = await trial.compile(extended);
  const rules = new Map(extended.map(({ namespace }, at) => [namespace, compiled[at]!.rules]));
  const texts = extended.map(({ namespace }, at) => ({ namespace, source: compiled[at]!.text }));
  const self = await trial.self(texts);
  const samples = await trial.samples(texts);
  return candidates.map(({ namespace, proposals, hits, found }, at): RuleBetter => {
    if (typeof proposals === "string") return none(proposals);
    const original = proposals[0]!.rule.name;
    const sound = named[at]!.filter(({ name }) => rules.get(namespace)?.has(name))
      .map(({ proposal, name }) => ({
        proposal,
        hits: self.of(namespace, name),
        found: samples.of(namespace, name),
      }))
      .filter((each) => each.hits.size < hits.size && same(each.found, found))
      .sort((a, b) => a.hits.size - b.hits.size);
    const best = sound[0];
    if (!best)
      return none("no stricter form of it was proved: each failed to compile or to keep the samples");
    return {
      rule: printRule({ ...best.proposal.rule, name: original }),
      changes: [...best.proposal.changes],
      hits: best.hits.size,
      samples: best.found.size,
      reason: `hits ${best.hits.size} instead of ${hits.size} files of self and finds the same ${found.size} samples`,
    };
  });
}

export const none = (reason: string): RuleBetter => ({
  rule: null,
  changes: [],
  hits: null,
  samples: null,
  reason,
});

const same = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
  a.size === b.size && [...a].every((each) => b.has(each));

/** A name that none of the files has anywhere. */
function freshName(at: number, number: number, sources: readonly RuleSource[]): string {
  let name = `stricter_${at}_${number}`;
  while (sources.some(({ source }) => source.includes(name))) name += "_";
  return name;
}
