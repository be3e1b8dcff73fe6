/** What a signature needs to know of self; `openCorpus` gives one. */
export interface Self {
  /** Natural logarithm of the probability of these bytes by the n-gram model of goodware. */
  logProbability(bytes: Uint8Array): number;
  /** Scans all of self with these rules. */
  scan(
    sources: { namespace: string; source: string }[],
    options?: { signal?: AbortSignal },
  ): Promise<{ files: number; bytes: number; hits: readonly { namespace: string; rule: string }[] }>;
}
