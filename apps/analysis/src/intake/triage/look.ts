/** One look at one file: what it is, its sketch, which rules hit. Runs in the confined worker. */
import { createHash } from "node:crypto";
import type { PrescriptionId, Sha256 } from "@thymus/contracts";
import { type CompiledRules, identifyFile, type RuleEngine } from "@thymus/detection";
import type { Look, TriageRule } from "./protocol.ts";
import { encodeSketch, sketchOf } from "./sketch.ts";

/** Milliseconds that all rules together may take on one file. */
const SCAN_MS = 10_000;
const MOST_HITS = 16;

export class Triage {
  readonly #engine: RuleEngine;
  #rules: readonly TriageRule[] = [];
  #compiled: CompiledRules | null = null;

  constructor(engine: RuleEngine) {
    this.#engine = engine;
  }

  /** Takes these rules instead of those before. @throws ThymusError RULE_INVALID */
  use(rules: readonly TriageRule[]): void {
    this.#compiled?.close();
    this.#compiled = null;
    this.#rules = rules;
    if (rules.length > 0)
      this.#compiled = this.#engine.compile(
        rules.map(({ prescription, source }) => ({ namespace: prescription, source })),
        { timeoutMs: SCAN_MS },
      );
  }

  look(id: number, bytes: Uint8Array, name: string): Look {
    const type = identifyFile(bytes, name);
    const sketch = sketchOf(bytes);
    return {
      id,
      sha256: createHash("sha256").update(bytes).digest("hex") as Sha256,
      size: bytes.length,
      type,
      sketch: sketch && encodeSketch(sketch),
      hits: this.#hits(bytes, type),
    };
  }

  #hits(bytes: Uint8Array, type: Look["type"]): PrescriptionId[] {
    const inScope = this.#rules.filter(({ scope }) => scope.includes(type));
    if (!this.#compiled || inScope.length === 0) return [];
    const found = new Set(this.#compiled.scan(bytes).map(({ namespace }) => namespace));
    return inScope
      .flatMap(({ prescription }) => (found.has(prescription) ? [prescription] : []))
      .slice(0, MOST_HITS);
  }
}
