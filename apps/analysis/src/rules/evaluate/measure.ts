/** Processor time of scanning with one rule, beside that of a rule that finds nothing. Runs in the process of `guard.ts`. */
import { type CompiledRules, loadEngine } from "@thymus/detection";
import { chooseFiles } from "./choose.ts";

const TRIVIAL = 'rule trivial { strings: $a = "a text that stands nowhere, 6f1d0c" condition: $a }';
const BYTES = 24e6;
const FILES = 400;
const ROUNDS = 5;
/** A scan of all files once by the trivial rule is shorter than what a clock of processor time tells well: so many seconds at least. */
const LEAST_SECONDS = 0.02;
const ONE_FILE_MS = 2000;
/** One rule in all its rounds, and all rules. */
const RULE_SECONDS = 4;
const ALL_SECONDS = 90;

export interface MeasureWork {
  readonly measure: {
    /** Each is one rule with the rules that it names. */
    readonly sources: readonly string[];
    readonly goodware: readonly string[];
  };
}
export interface Cost {
  readonly timesTrivial: number;
  readonly secondsPerGigabyte: number;
  readonly atLeast: boolean;
}
export interface Measured {
  readonly costs: readonly (Cost | null)[];
  readonly files: number;
  readonly bytes: number;
}

/**
 * The least of several rounds counts, for each rule in turn with the trivial rule beside it: other work of the machine makes a scan
 * longer, never shorter.
 */
export async function measure({ measure: { sources, goodware } }: MeasureWork): Promise<Measured> {
  const engine = await loadEngine();
  const files = chooseFiles(goodware, { files: FILES, bytes: BYTES });
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes === 0) return { costs: sources.map(() => null), files: 0, bytes: 0 };
  const trivial = engine.compile([{ namespace: "t", source: TRIVIAL }]);
  const pass = (rules: CompiledRules, times: number) => {
    const before = process.cpuUsage();
    for (let time = 0; time < times; time++) for (const file of files) rules.scan(file.bytes);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6 / times;
  };
  pass(trivial, 1);
  const times = Math.ceil(LEAST_SECONDS / Math.max(pass(trivial, 1), LEAST_SECONDS / 100));
  const began = performance.now();
  const costs = sources.map((source): Cost | null => {
    if (performance.now() - began > ALL_SECONDS * 1000) return null;
    const rules = engine.compile([{ namespace: "r", source }], { timeoutMs: ONE_FILE_MS });
    let least = Number.POSITIVE_INFINITY;
    let base = Number.POSITIVE_INFINITY;
    let atLeast = false;
    const start = process.cpuUsage();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        base = Math.min(base, pass(trivial, times));
        least = Math.min(least, pass(rules, 1));
        const { user, system } = process.cpuUsage(start);
        if ((user + system) / 1e6 > RULE_SECONDS) break;
      }
    } catch {
      atLeast = true;
      least = ONE_FILE_MS / 1000;
    } finally {
      rules.close();
    }
    return { timesTrivial: least / base, secondsPerGigabyte: least / (bytes / 1e9), atLeast };
  });
  trivial.close();
  return { costs, files: files.length, bytes };
}
