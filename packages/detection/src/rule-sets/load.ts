/** Rule sets of other people, as they are: what cannot be applied is left out rule by rule, and named. */
import { type BundleRule, bundleOf, type RuleBundle } from "../bundle/bundle.ts";
import { readOwnRule } from "../bundle/own-form.ts";
import type { RuleEngine } from "../engine/engine.ts";
import { type ReadRules, type RuleFile, readRuleFiles } from "./files.ts";
import { type RuleSpan, ruleSpans, withoutRules } from "./spans.ts";

export interface RuleSet {
  readonly bundle: RuleBundle;
  /** Rules and files that were left out, and why; one line each. */
  readonly warnings: string[];
  /** How many rules there are, those left out not counted. */
  readonly rules: number;
}

const IMPORT = /^\s*import\s+"([^"]*)"/;
/** Rounds in which faults are looked for: a rule may ask for one that was left out. */
const MAX_ROUNDS = 50;

/**
 * Reads rule files and folders of them. Each file is a namespace of its own, so equal names in several do no harm.
 * @throws ThymusError NOT_FOUND where a path does not exist
 */
export function loadRuleSet(paths: readonly string[], engine: RuleEngine): RuleSet {
  return ruleSetOf(paths.map(readRuleFiles), engine);
}

/** The same of what was read before. */
export function ruleSetOf(all: readonly ReadRules[], engine: RuleEngine): RuleSet {
  const warnings: string[] = [];
  const rules: BundleRule[] = [];
  const names = new Set<string>();
  let count = 0;
  for (const read of all) {
    warnings.push(...read.warnings);
    for (const { name, text: whole } of read.files) {
      const file = { name: names.has(name) ? `${name}#${names.size}` : name, text: whole };
      names.add(file.name);
      const own = ownRules(file);
      if (own !== null) {
        rules.push(...own.map((source) => plain(file.name, source)));
        count += own.length;
        continue;
      }
      const { text, left } = mend(file, engine, warnings);
      if (left > 0) rules.push({ ...plain(file.name, text), foreign: true });
      count += left;
    }
  }
  return { bundle: bundleOf(rules), warnings, rules: count };
}

const plain = (namespace: string, source: string): BundleRule => ({
  ...{ namespace, source, scope: null, prescription: null, family: null },
});

/** The rules of a file one by one where all of them have the form of which much is known; null otherwise. */
function ownRules({ text }: RuleFile): string[] | null {
  const spans = ruleSpans(text);
  const whole = withoutRules(text, spans).trim() === "" && spans.length > 0;
  const each = spans.map(({ from, to }) => `${text.slice(from, to)}\n`);
  const distinct = new Set(spans.map(({ name }) => name)).size === spans.length;
  return whole && distinct && each.every((rule) => readOwnRule(rule) !== null) ? each : null;
}

/** The file without the rules that do not compile. */
function mend(file: RuleFile, engine: RuleEngine, warnings: string[]): { text: string; left: number } {
  let { text } = file;
  const told = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const faults = engine.faults(text);
    const spans = ruleSpans(text);
    if (faults.length === 0) return { text, left: spans.length };
    const lines = lineStarts(text);
    const bad = new Set<RuleSpan>();
    const imports: RuleSpan[] = [];
    for (const { line, message } of faults) {
      const from = lines[line - 1] ?? 0;
      const named = IMPORT.exec(text.slice(from, lines[line] ?? text.length));
      // Only the rules that ask for that module are lost, each of them by name.
      if (named) imports.push({ name: named[1]!, from, to: from + named[0].length });
      const span = spans.find(
        ({ from, to }) => lines[line - 1]! < to && (lines[line] ?? text.length + 1) > from,
      );
      if (!span || named) continue;
      bad.add(span);
      if (told.has(span.name)) continue;
      told.add(span.name);
      warnings.push(`${file.name}: the rule ${span.name} is left out: ${message}`);
    }
    if (bad.size + imports.length === 0) {
      warnings.push(`${file.name} is left out: line ${faults[0]!.line}: ${faults[0]!.message}`);
      return { text: "", left: 0 };
    }
    text = withoutRules(text, [...bad, ...imports]);
  }
  warnings.push(`${file.name} is left out: too many of its rules do not compile`);
  return { text: "", left: 0 };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
