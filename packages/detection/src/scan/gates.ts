import type { FileType } from "@thymus/contracts";
import type { RuleBundle } from "../bundle/bundle.ts";
import { gateOf } from "../bundle/gate.ts";
import type { CompiledRules, CompileOptions, RuleEngine, RuleMatch } from "../engine/engine.ts";
import { Sieve } from "./sieve.ts";

interface Gate {
  /** Runs of bytes of which any match of the rules holds one. */
  readonly sieve: Sieve;
  /** Rules of which no runs can be told. */
  readonly always: CompiledRules | null;
}

/**
 * Passes over files that can match no rule: of each rule that may match a file of its type a few runs of bytes are looked for of
 * which any match holds one, and all rules are applied only where one is found. The answer is the same as without.
 */
export class Gates {
  readonly #bundle: RuleBundle;
  readonly #engine: RuleEngine;
  readonly #options: CompileOptions;
  readonly #gates = new Map<FileType | null, Gate | null>();

  constructor(bundle: RuleBundle, engine: RuleEngine, options: CompileOptions = {}) {
    this.#bundle = bundle;
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * What the rules for files of this type (null: of any) find in these bytes.
   * @param all all rules of the bundle
   * @throws ThymusError TOOL_FAILED
   */
  scan(bytes: Uint8Array, type: FileType | null, all: CompiledRules): RuleMatch[] {
    const gate = this.#of(type);
    if (gate === null || gate.sieve.finds(bytes)) return all.scan(bytes);
    return gate.always?.scan(bytes) ?? [];
  }

  close(): void {
    for (const gate of this.#gates.values()) gate?.always?.close();
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
    const rules = this.#bundle.rules.filter(
      ({ scope }) => type === null || scope === null || scope.includes(type),
    );
    const gated = rules.map((rule) => ({ rule, runs: gateOf(rule.source) }));
    const others = gated.filter(({ runs }) => runs === null).map(({ rule }) => rule);
    if (others.length === this.#bundle.rules.length) return null;
    return {
      sieve: new Sieve(gated.flatMap(({ runs }) => runs ?? [])),
      always: others.length === 0 ? null : this.#engine.compile(others, this.#options),
    };
  }
}
