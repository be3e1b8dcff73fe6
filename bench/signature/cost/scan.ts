import { readFileSync } from "node:fs";
import { type CompiledRules, loadEngine } from "@thymus/detection";
import { median } from "../../shared/numbers.ts";
import type { Good } from "../corpora/parts.ts";
import type { Row } from "../run/row.ts";

const TRIVIAL = 'rule trivial { strings: $a = "a text that stands nowhere, 6f1d0c" condition: $a }';
const WANTED_BYTES = 150e6;
const ROUNDS = 7;

export interface ScanCost {
  readonly name: string;
  readonly rules: number;
  readonly ruleBytes: number;
  /** Median of processor seconds over all rounds, and of the ratio to the trivial rule in the same round. */
  readonly cpuSeconds: number;
  readonly ratio: number;
}

/**
 * Processor seconds of one thread for scanning the same bytes in memory with each set of rules, in turn within each round, so
 * that what else the machine does meets all alike.
 */
export async function scanCosts(
  files: readonly Good[],
  rows: readonly Row[],
): Promise<{ bytes: number; files: number; costs: ScanCost[] }> {
  const buffers: Buffer[] = [];
  let bytes = 0;
  for (const { path } of [...files].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))) {
    if (bytes >= WANTED_BYTES) break;
    const content = readFileSync(path);
    buffers.push(content);
    bytes += content.length;
  }
  const engine = await loadEngine();
  const sets = new Map<string, string[]>([["trivial rule", [TRIVIAL]]]);
  const put = (name: string, rule: string) => sets.set(name, [...(sets.get(name) ?? []), rule]);
  for (const { tier, tool, rule } of rows) {
    if (rule === null) continue;
    if (tier === "A") put(`${tool}, tier A`, rule);
    if (tool === "thymus") put("thymus, all rules of the run", rule);
  }
  const compiled = new Map<string, CompiledRules>(
    [...sets].map(([name, rules]) => [
      name,
      engine.compile(rules.map((source, i) => ({ namespace: `r${i}`, source }))),
    ]),
  );
  const spent = new Map<string, number[]>([...sets.keys()].map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, rules] of compiled) {
      const before = process.cpuUsage();
      for (const content of buffers) rules.scan(content);
      const { user, system } = process.cpuUsage(before);
      spent.get(name)!.push((user + system) / 1e6);
    }
  }
  for (const rules of compiled.values()) rules.close();
  const base = spent.get("trivial rule")!;
  const costs = [...sets].map(([name, rules]) => ({
    ...{
      name,
      rules: rules.length,
      ruleBytes: rules.reduce((sum, rule) => sum + Buffer.byteLength(rule), 0),
    },
    cpuSeconds: median(spent.get(name)!),
    ratio: median(spent.get(name)!.map((seconds, round) => seconds / base[round]!)),
  }));
  return { bytes, files: buffers.length, costs };
}
