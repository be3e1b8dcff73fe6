import type { FileType } from "@thymus/contracts";

export type Tier = "A" | "B" | "C" | "D" | "E" | "F" | "G";

/** Found of how many. */
export type Share = readonly [found: number, of: number];

/** What one tool made of one input, and what its rule does. A row is written once and read by whoever resumes the run. */
export interface Row {
  readonly tier: Tier;
  /** Input, as `nano` or `elf-append-fixed`. */
  readonly name: string;
  readonly tool: string;
  readonly samples: number;
  /** YARA source, or null where the tool gave none. */
  readonly rule: string | null;
  /** Types of files in which the rule counts; null is all. */
  readonly scope: readonly FileType[] | null;
  /** Why there is no rule, in the tool's words. */
  readonly refused: string | null;
  /** What there was to find, by part. */
  readonly found: Readonly<Record<string, Share>>;
  /** Clean files of this row's own inputs that the rule hits: clean hosts, other families. */
  readonly wrong: readonly string[];
  /** How many clean files of this row's own inputs were tried. */
  readonly clean: number;
  /** Files given back byte for byte, of the found ones; null where nothing is to be repaired. */
  readonly repaired: Share | null;
  /** Of the first of them the same where the baseline keeps the clean fingerprint besides; left out where nothing is to be repaired. */
  readonly rebuilt?: Share;
  /** Files given back with other bytes than they had: must be none. */
  readonly repairedWrong: number;
  /** Processor seconds of all threads from samples to rule, and of the wait. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  /** What the rule rests on, where the tool says. */
  readonly note: string;
}

export const ruleBytes = (row: Row): number => (row.rule === null ? 0 : Buffer.byteLength(row.rule));

export function share(list: readonly boolean[]): Share {
  return [list.filter(Boolean).length, list.length];
}
