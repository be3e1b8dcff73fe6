/** A rule that finds every infected package by a member of it, and no clean one. */

import type { Detection, FileType } from "@thymus/contracts";
import { bundleSources, type CompiledRules, loadEngine, scanFile } from "@thymus/detection";
import { type InfectionAnalysis, pairInfections } from "../infection/index.ts";
import { type DerivedRule, deriveRule, type NoRule, type Self } from "../signature/index.ts";
import type { PackagePair } from "./pair.ts";
import { carrierChoices, cleanSpecimens } from "./specimens.ts";

export interface RuleOptions {
  readonly corpus: Self;
  readonly family: (analysis: InfectionAnalysis) => string;
  readonly sample: { readonly bytes: Uint8Array; readonly type: FileType };
  readonly signal?: AbortSignal | undefined;
}

export interface PackageRule {
  readonly derived: DerivedRule;
  readonly analysis: InfectionAnalysis;
  readonly detect: Detection;
  readonly family: string;
}

/** Tries one kind of member after the other; the reason of the first is the most telling one. */
export async function derivePackageRule(
  pairs: readonly PackagePair[],
  options: RuleOptions,
): Promise<PackageRule | NoRule> {
  const clean = cleanSpecimens(pairs);
  let first: NoRule | null = null;
  for (const carriers of carrierChoices(pairs)) {
    const analysis = pairInfections(carriers);
    const family = options.family(analysis);
    const derived = await deriveRule({
      analysis,
      specimens: clean,
      sample: options.sample,
      corpus: options.corpus,
      family,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if ("gaveUp" in derived) {
      first ??= derived;
      continue;
    }
    const scope = [...new Set<FileType>([...derived.scope, "npm"])].sort();
    const detect = { engine: "yara-x", rule: derived.rule, scope } as const;
    return { derived, analysis, detect, family };
  }
  return first ?? { gaveUp: { code: "NO_CONSTANT_PART", why: "nothing was put into the packages" } };
}

/** Finds what a rule hits, as a scan of files does: packages are looked into. */
export class RuleScanner {
  readonly #bundle;
  readonly #compiled: CompiledRules;

  private constructor(
    detect: Detection,
    compiled: CompiledRules,
    sources: { namespace: string; source: string }[],
  ) {
    this.#bundle = bundleSources(sources, detect.scope);
    this.#compiled = compiled;
  }

  /** @throws ThymusError RULE_INVALID */
  static async open(detect: Detection): Promise<RuleScanner> {
    const sources = [{ namespace: "candidate", source: detect.rule }];
    const engine = await loadEngine();
    return new RuleScanner(detect, engine.compile(sources), sources);
  }

  hits(bytes: Uint8Array, type: FileType = "npm"): boolean {
    return scanFile({ bundle: this.#bundle, compiled: this.#compiled }, bytes, type).length > 0;
  }

  close(): void {
    this.#compiled.close();
  }
}
