import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError, type Logger } from "@thymus/contracts";
import { type BundleRule, canConfine, loadEngine, loadRuleSet, loadRuleSetConfined } from "@thymus/detection";

export interface AddedRulesOptions {
  /** agent.scan.rules */
  readonly paths: readonly string[];
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds that reading and compiling one path may take. */
  readonly timeoutMs?: number;
}

/** What came of a path the last time; `why` says that it is dropped until its bytes change. */
interface Known {
  readonly stamp: string;
  readonly rules: readonly BundleRule[];
  readonly why: string | null;
}

/** Milliseconds: a large public collection takes some ten seconds. */
const TIMEOUT = 300_000;
const MAX_ENTRIES = 50_000;

/**
 * The rule sets that the owner added, as they are on disk now. They are compiled in a confined process with a limit of time. One that
 * does not compile, or takes too long, is dropped and told, and is tried again only when its files change.
 */
export class AddedRules {
  readonly #options: AddedRulesOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: AddedRulesOptions) {
    this.#options = options;
  }

  notices(): string[] {
    return [...this.#known].flatMap(([path, { why }]) =>
      why === null ? [] : [`the added rules ${path} are not used until they change: ${why}`],
    );
  }

  /** The rules of all sets that are of use. */
  async load(): Promise<BundleRule[]> {
    const rules: BundleRule[] = [];
    for (const path of this.#options.paths) rules.push(...(await this.#one(path)).rules);
    return rules;
  }

  /** All that are of use are of none together with the others, for this reason. */
  drop(why: string): void {
    for (const [path, known] of this.#known)
      if (known.why === null) this.#set(path, { ...known, rules: [], why });
  }

  async #one(path: string): Promise<Known> {
    const stamp = await stampOf(path);
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known;
    const { log, signal, timeoutMs = TIMEOUT } = this.#options;
    try {
      const set = canConfine()
        ? await loadRuleSetConfined(path, { timeoutMs, signal })
        : loadRuleSet([path], await loadEngine());
      for (const warning of set.warnings)
        log.warn("an added rule is left out", { rules: path, why: warning });
      return this.#set(path, { stamp, rules: set.bundle.rules, why: null });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return this.#set(path, { stamp, rules: [], why: asThymusError(thrown).message });
    }
  }

  #set(path: string, known: Known): Known {
    if (known.why !== null)
      this.#options.log.warn("added rules are not used", { rules: path, why: known.why });
    this.#known.set(path, known);
    return known;
  }
}

/** Another one where a file below the path came, went or was written; what is behind links is known by the link alone. */
async function stampOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  const stack = [path];
  for (let entries = 0; stack.length > 0 && entries < MAX_ENTRIES; entries++) {
    const one = stack.pop()!;
    const facts = await lstat(one, { bigint: true }).catch(() => null);
    hash.update(`${one}\0${facts?.ino}\0${facts?.size}\0${facts?.mtimeNs}\0${facts?.ctimeNs}\n`);
    if (!facts?.isDirectory()) continue;
    const names = await readdir(one).catch(() => []);
    stack.push(...names.sort().map((name) => join(one, name)));
  }
  return hash.digest("hex");
}
