import type { FileType } from "@thymus/contracts";
import { type BundleRule, BundleScope, type RuleBundle } from "../bundle/bundle.ts";
import type { CompiledRules, RuleMatch } from "../engine/engine.ts";
import { identifyFile } from "../identify/identify.ts";

/** A match that counts, with the rule source that it belongs to. */
export interface ScopedMatch {
  readonly rule: BundleRule;
  readonly match: RuleMatch;
}

/** Compiled rules with the scopes of their bundle: what scans one file's bytes at a time. */
export class BundleScanner {
  readonly #scope: BundleScope;
  readonly #compiled: CompiledRules;

  constructor(bundle: RuleBundle, compiled: CompiledRules) {
    this.#scope = new BundleScope(bundle);
    this.#compiled = compiled;
  }

  /** The matches that count in this file, and its type where the scopes depend on it. */
  scan(bytes: Uint8Array, known?: FileType, name?: string): { type: FileType | null; found: ScopedMatch[] } {
    const type = known ?? (this.#scope.limited ? identifyFile(bytes, name) : null);
    if (type && !this.#scope.mayMatch(type)) return { type, found: [] };
    const found: ScopedMatch[] = [];
    for (const match of this.#compiled.scan(bytes)) {
      const rule = this.#scope.ruleOf(match, type ?? identifyFile(bytes, name));
      if (rule) found.push({ rule, match });
    }
    return { type, found };
  }

  close(): void {
    this.#compiled.close();
  }
}

/**
 * Scans bytes in this thread, for a process that has a few files only. The caller bounds the size; with the WebAssembly
 * engine nothing bounds the time.
 * @param type what the bytes are ({@link identifyFile}); matches of rules with another scope do not count
 * @throws ThymusError TOOL_FAILED
 */
export function scanFile(
  rules: { readonly bundle: RuleBundle; readonly compiled: CompiledRules },
  bytes: Uint8Array,
  type: FileType,
): ScopedMatch[] {
  return new BundleScanner(rules.bundle, rules.compiled).scan(bytes, type).found;
}
