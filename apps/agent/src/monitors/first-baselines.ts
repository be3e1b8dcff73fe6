import type { Logger } from "@thymus/contracts";
import { noCounts, type TreeCounts } from "../integrity/protocol.ts";

export interface FirstBaselinesOptions {
  readonly log: Logger;
  /** Makes the baseline of one root, or goes on with it. */
  readonly make: (root: string, onProgress: (counts: Readonly<TreeCounts>) => void) => Promise<void>;
}

/** First baselines, made one after the other while the agent does everything else. */
export class FirstBaselines {
  readonly #options: FirstBaselinesOptions;
  readonly #underway = new Map<string, { readonly since: string; counts: Readonly<TreeCounts> }>();
  readonly #failed = new Map<string, string>();
  #last: Promise<void> = Promise.resolve();

  constructor(options: FirstBaselinesOptions) {
    this.#options = options;
  }

  has(root: string): boolean {
    return this.#underway.has(root);
  }

  /** Does nothing where it is underway already. */
  begin(root: string): void {
    if (this.has(root)) return;
    const making = { since: new Date().toISOString(), counts: noCounts() as Readonly<TreeCounts> };
    this.#underway.set(root, making);
    const make = () =>
      this.#options.make(root, (counts) => {
        making.counts = { ...counts };
      });
    this.#last = this.#last.then(make).then(
      () => this.#ended(root, null),
      (error: Error & { code?: string }) =>
        this.#ended(root, error.code === "INTERRUPTED" ? null : error.message),
    );
  }

  #ended(root: string, trouble: string | null): void {
    this.#underway.delete(root);
    if (trouble === null) this.#failed.delete(root);
    else {
      this.#failed.set(root, trouble);
      this.#options.log.warn("a first baseline was not finished; it goes on later", { root, why: trouble });
    }
  }

  /** Resolves once none is underway. */
  async idle(): Promise<void> {
    while (this.#underway.size > 0) await this.#last;
  }

  /** What a person should know of it. */
  notices(): string[] {
    return [
      ...[...this.#underway].map(([root, { since, counts }]) => {
        const done = `${counts.files} files so far, ${Math.round(counts.bytes / 1e6)} MB read`;
        return `the first baseline of ${root} is being made since ${since}: ${done}`;
      }),
      ...[...this.#failed]
        .filter(([root]) => !this.has(root))
        .map(([root, why]) => `the first baseline of ${root} was not finished, and goes on later: ${why}`),
    ];
  }
}
