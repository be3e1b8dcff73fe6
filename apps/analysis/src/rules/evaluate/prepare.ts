/** Everything that is done with the text of human rules before they are searched for; see `guard.ts` for where. */
import { loadEngine, type RuleSource } from "@thymus/detection";
import type { Rule } from "../syntax/ast.ts";
import { printValue } from "../syntax/print.ts";
import { type CompiledFile, compileFile } from "./compile.ts";
import { loadRuleFile } from "./load.ts";

/** One string in one file counts once; the namespace cannot be a file's. */
export const PROBES = "strings";

/** Rule files by their paths, or texts that are rules already. */
export type Work =
  | { readonly files: readonly string[] }
  | { readonly sources: readonly RuleSource[]; readonly files?: undefined };

export interface Prepared {
  readonly compiled: readonly (CompiledFile & { readonly namespace: string })[];
  /** Name of the rule that searches for one string alone, by the string's text. */
  readonly probes: ReadonlyMap<string, string>;
  /** All of it; it was compiled once, so that it can be again. */
  readonly sources: readonly RuleSource[];
}

/** @throws ThymusError see `loadRuleFile`; RULE_INVALID */
export async function prepare(work: Work): Promise<Prepared> {
  const engine = await loadEngine();
  const texts = work.files
    ? work.files.map((path, at) => ({ namespace: `file${at}`, source: loadRuleFile(path).text }))
    : work.sources;
  const compiled = texts.map(({ namespace, source }) => ({ namespace, ...compileFile(engine, source) }));
  const sources: RuleSource[] = compiled.map(({ namespace, text }) => ({ namespace, source: text }));
  const probes = new Map<string, string>();
  if (work.files) {
    for (const { regions } of compiled)
      for (const { rule } of regions)
        for (const { value } of probed(rule)) if (!probes.has(value)) probes.set(value, `s${probes.size}`);
    const rules = [...probes].map(([value, name]) => `rule ${name} { strings: $a = ${value} condition: $a }`);
    sources.push({ namespace: PROBES, source: rules.join("\n") });
  }
  engine.compile(sources).close();
  return { compiled, probes, sources };
}

/** The patterns of a rule with the text under which each is searched alone; `private` would hide it. */
export function probed(rule: Rule | null) {
  return (rule?.patterns ?? []).map((pattern) => ({
    pattern,
    value: [printValue(pattern), ...pattern.modifiers.filter((each) => each !== "private")].join(" "),
  }));
}
