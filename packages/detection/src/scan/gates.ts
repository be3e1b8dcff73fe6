import type { FileType } from "@thymus/contracts";
import type { BundleRule, RuleBundle } from "../bundle/bundle.ts";
import { gateOf } from "../bundle/gate.ts";
import type { Run } from "../bundle/string-runs.ts";
import type { CompiledRules, CompileOptions, RuleEngine, RuleMatch } from "../engine/engine.ts";
import { Sieve } from "./sieve.ts";

/** The sources of one namespace: a rule may ask for the others of its namespace, so they stay together. */
interface Group {
  readonly rules: readonly BundleRule[];
  /** Runs of bytes of which any match of these rules holds one; null where that cannot be told. */
  readonly runs: readonly Run[] | null;
}

interface Gate {
  readonly sieve: Sieve;
  /** Whether rules that have no runs may match a file of this type. */
  readonly others: boolean;
}

/**
 * Passes over files that can match no rule: of each rule that may match a file of its type a few runs of bytes are looked for of
 * which any match holds one, and all rules are applied only where one is found. The answer is the same as without.
 */
export class Gates {
  readonly #groups: readonly Group[];
  /** Rules of which no runs can be told, of all types at once; null where there are none, or so many that all are as well applied. */
  readonly #others: CompiledRules | null;
  readonly #gates = new Map<FileType | null, Gate | null>();

  /** Compiles the rules that are to be applied to every file, so that no file waits for it. */
  constructor(bundle: RuleBundle, engine: RuleEngine, options: CompileOptions = {}) {
    this.#groups = [...Map.groupBy(bundle.rules, ({ namespace }) => namespace).values()].map((rules) => ({
      rules,
      runs: runsOf(rules),
    }));
    const others = this.#groups.filter(({ runs }) => runs === null).flatMap(({ rules }) => rules);
    const isWorthWhile = others.length > 0 && 2 * sizeOf(others) <= sizeOf(bundle.rules);
    this.#others = isWorthWhile ? engine.compile(others, options) : null;
  }

  /**
   * What the rules for files of this type (null: of any) find in these bytes.
   * @param all all rules of the bundle
   * @throws ThymusError TOOL_FAILED
   */
  scan(bytes: Uint8Array, type: FileType | null, all: CompiledRules): RuleMatch[] {
    const gate = this.#of(type);
    if (gate === null || gate.sieve.finds(bytes)) return all.scan(bytes);
    return gate.others ? this.#others!.scan(bytes) : [];
  }

  close(): void {
    this.#others?.close();
    this.#gates.clear();
  }

  #of(type: FileType | null): Gate | null {
    const known = this.#gates.get(type);
    if (known !== undefined) return known;
    const gate = this.#make(type);
    this.#gates.set(type, gate);
    return gate;
  }

  #make(type: FileType | null): Gate | null {
    const groups = this.#groups.filter(({ rules }) =>
      rules.some(({ scope }) => type === null || scope === null || scope.includes(type)),
    );
    const others = groups.some(({ runs }) => runs === null);
    if (others && this.#others === null) return null;
    return { sieve: new Sieve(groups.flatMap(({ runs }) => runs ?? [])), others };
  }
}

function runsOf(rules: readonly BundleRule[]): Run[] | null {
  const each = rules.map(({ source }) => gateOf(source));
  return each.includes(null) ? null : each.flatMap((runs) => runs ?? []);
}

const sizeOf = (rules: readonly BundleRule[]) => rules.reduce((sum, { source }) => sum + source.length, 0);
