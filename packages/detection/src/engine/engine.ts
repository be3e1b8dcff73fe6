import type { Externals } from "./externals.ts";

/** What both builds of YARA-X offer; see the folder's two engines. */
export interface RuleSource {
  readonly namespace: string;
  readonly source: string;
}

export interface RuleMatch {
  readonly namespace: string;
  readonly rule: string;
  /** Places in bytes, ascending, at most {@link MAX_REPORTED_MATCHES}; empty for a rule without patterns. */
  readonly matches: { readonly offset: number; readonly length: number }[];
}

/** More places than these are not reported (the rule itself counts all). */
export const MAX_REPORTED_MATCHES = 1000;

export interface CompiledRules {
  /**
   * Matching rules, by namespace and rule name. Private rules and private patterns are not among them.
   * @param externals for rules that were compiled as foreign ones
   * @throws ThymusError TOOL_FAILED where the scan failed or took longer than the time limit
   */
  scan(bytes: Uint8Array, externals?: Externals): RuleMatch[];
  /** Gives the memory back; the rules cannot be used afterwards. */
  close(): void;
  /** Compiled form for {@link RuleEngine.restore}, or null where the engine has none. */
  serialize(): Uint8Array | null;
  /** Strings of rules that the compiler calls slow, as it says it; none for a restored form. */
  readonly slow: readonly string[];
}

export interface CompileOptions {
  /**
   * Limit in milliseconds of one scan, as far as the engine can hold it: the native engine ends within about a second
   * after it; the WebAssembly one only when the thread is ended from outside (which the scan pool does).
   */
  readonly timeoutMs?: number;
  /** Rules of other people: variables that their tools define are defined, and old forms of expressions are read. */
  readonly foreign?: boolean;
}

/** Errors of one source, with the line that each is at (1: the first). */
export interface SourceFault {
  readonly line: number;
  readonly message: string;
}

export interface RuleEngine {
  readonly name: "native" | "wasm";
  /** @throws ThymusError RULE_INVALID with the compiler's message and the namespace */
  compile(sources: readonly RuleSource[], options?: CompileOptions): CompiledRules;
  /** All that keeps this source of a foreign rule set from being compiled; empty where it compiles. */
  faults(source: string): SourceFault[];
  /** Rules from their compiled form; null where it is not of this engine's version. */
  restore(compiled: Uint8Array, options?: CompileOptions): CompiledRules | null;
}

export const DEFAULT_SCAN_TIMEOUT_MS = 30_000;
