import type { FileType } from "@thymus/contracts";

/** What a signature needs to know of self; `openCorpus` gives one. */
export interface Self {
  /** Natural logarithm of the probability of these bytes by the n-gram model of goodware. */
  logProbability(bytes: Uint8Array): number;
  /**
   * True where these bytes certainly stand in no file of self; false where they may. Needs at least 16 bytes to be of use.
   * Missing where self has no index: then only a scan tells.
   */
  absent?(bytes: Uint8Array): boolean;
  /** Whose code these bytes are where many programs carry it (a library's, a compiler's ...), or null: no rule may rest on it. */
  labelOf?(bytes: Uint8Array): string | null;
  /** Name of a list of what is known to be good that names this text or something in it, or null: no rule may rest on it. */
  warned?(text: string): string | null;
  /** Scans self with these rules. */
  scan(
    sources: { namespace: string; source: string }[],
    options?: Scanning,
  ): Promise<{ files: number; bytes: number; hits: readonly { namespace: string; rule: string }[] }>;
}

export interface Scanning {
  /** Only files of these types: those in which the rule will count. All unless told. */
  readonly scope?: readonly FileType[];
  readonly signal?: AbortSignal;
}
