import { readFileSync } from "node:fs";
import { BundleScanner, Gates, loadEngine } from "@thymus/detection";
import { median } from "../../shared/numbers.ts";
import type { Good } from "../corpora/parts.ts";
import type { Row } from "../run/row.ts";

const TRIVIAL = 'rule trivial { strings: $a = "a text that stands nowhere, 6f1d0c" condition: $a }';
const TRIVIAL_NAME = "trivial rule";
const WANTED_BYTES = 150e6;
const ROUNDS = 7;

export interface ScanCost {
  readonly name: string;
  readonly rules: number;
  readonly ruleBytes: number;
  /** Median of processor seconds over all rounds, and of the ratio to the trivial rule in the same round. */
  readonly cpuSeconds: number;
  readonly ratio: number;
  /** The same as machines scan: each rule in files of its scope only, files that can match none passed over. */
  readonly onMachines: { readonly cpuSeconds: number; readonly ratio: number };
}

interface RuleSet {
  readonly rules: Pick<Row, "rule" | "scope">[];
  readonly plain: number[];
  readonly onMachines: number[];
}

/**
 * Processor seconds of one thread for scanning the same bytes in memory with each set of rules, in turn within each round, so
 * that what else the machine does meets all alike.
 */
export async function scanCosts(
  files: readonly Good[],
  rows: readonly Row[],
): Promise<{ bytes: number; files: number; costs: ScanCost[] }> {
  const read: { file: Good; content: Buffer }[] = [];
  let bytes = 0;
  for (const file of [...files].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))) {
    if (bytes >= WANTED_BYTES) break;
    const content = readFileSync(file.path);
    read.push({ file, content });
    bytes += content.length;
  }
  const sets = new Map<string, RuleSet>();
  const put = (name: string, rule: Pick<Row, "rule" | "scope">) => {
    if (!sets.has(name)) sets.set(name, { rules: [], plain: [], onMachines: [] });
    sets.get(name)!.rules.push(rule);
  };
  put(TRIVIAL_NAME, { rule: TRIVIAL, scope: null });
  for (const { tier, tool, rule, scope } of rows) {
    if (rule === null) continue;
    if (tier === "A") put(`${tool}, tier A`, { rule, scope });
    if (tool === "thymus") put("thymus, all rules of the run", { rule, scope });
  }
  const engine = await loadEngine();
  const prepared = [...sets].map(([name, set]) => {
    const rules = set.rules.map(({ rule, scope }, i) => ({
      ...{ namespace: `r${i}`, source: rule!, scope, prescription: null, family: null },
    }));
    const bundle = { digest: name, rules };
    const plain = engine.compile(rules);
    const gates = new Gates(bundle, engine);
    return { set, plain, scanner: new BundleScanner(bundle, engine.compile(rules), gates) };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { set, plain, scanner } of prepared) {
      set.plain.push(
        spent(() => {
          for (const { content } of read) plain.scan(content);
        }),
      );
      set.onMachines.push(
        spent(() => {
          for (const { content, file } of read) scanner.scan(content, file.type, file.path);
        }),
      );
    }
  }
  for (const { plain, scanner } of prepared) {
    plain.close();
    scanner.close();
  }
  const base = sets.get(TRIVIAL_NAME)!.plain;
  const cost = (times: readonly number[]) => ({
    cpuSeconds: median(times),
    ratio: median(times.map((seconds, round) => seconds / base[round]!)),
  });
  const costs = [...sets].map(([name, { rules, plain, onMachines }]) => ({
    ...{ name, rules: rules.length, ...cost(plain), onMachines: cost(onMachines) },
    ruleBytes: rules.reduce((sum, { rule }) => sum + Buffer.byteLength(rule!), 0),
  }));
  return { bytes, files: read.length, costs };
}

function spent(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
