import type { RuleBundle } from "@thymus/detection";

/** What the trial's process is asked, on its standard input as one JSON document. */
export interface TrialTask {
  /** The rule on trial, in files of its own scope. */
  readonly rule: RuleBundle;
  /** The same in files of every type. */
  readonly everywhere: RuleBundle;
  /** All rules that would be active with it. */
  readonly together: RuleBundle;
  /** Files of the system that no rule may find. */
  readonly system: readonly string[];
  /** Folders of Thymus itself. */
  readonly own: readonly string[];
  /** Programs that a package manager vouches for, each with the MD5 digests of its package's contents. */
  readonly vouched: readonly (readonly [path: string, md5: readonly string[]])[];
  readonly limits: TrialLimits;
}

export interface TrialLimits {
  /** Seconds of processor time for all. */
  readonly processorSeconds: number;
  /** Milliseconds that one file may take. */
  readonly fileMs: number;
  /** Bytes of memory that the process may ask for. */
  readonly memory: number;
  /** Vouched programs that it may find: more are a wrong rule, not an infection. */
  readonly vouchedHits: number;
  /** Bytes of vouched programs that are looked at. */
  readonly vouchedBytes: number;
}

/** What it answers, as one line. */
export type TrialAnswer =
  | { readonly refused: string }
  | { readonly refused: null; readonly files: number; readonly vouched: number; readonly bytes: number };
