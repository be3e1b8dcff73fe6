import type { FileType, PrescriptionId } from "@thymus/contracts";
import { type BundleRule, BundleScope, type RuleBundle } from "../bundle/bundle.ts";
import type { CompiledRules, RuleMatch } from "../engine/engine.ts";
import { externalsOf } from "../engine/externals.ts";
import { identifyFile } from "../identify/identify.ts";
import { type MissingContents, packageMembers } from "../packages/members.ts";
import type { Gates } from "./gates.ts";
import type { ScanTarget } from "./protocol.ts";

/** Bytes that a package may unpack to before only its outside is scanned. */
export const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/** A match that counts, with the rule source that it belongs to. */
export interface ScopedMatch {
  readonly rule: BundleRule;
  readonly match: RuleMatch;
  /** Path of the member in a package's tarball that it is in. */
  readonly member?: string;
}

export interface FileScan {
  /** Null where the scopes do not depend on it. */
  readonly type: FileType | null;
  readonly found: ScopedMatch[];
  /** Null where all of the file was looked into. */
  readonly missing: MissingContents | null;
}

/** Compiled rules with the scopes of their bundle: what scans one file's bytes at a time. */
export class BundleScanner {
  readonly #scope: BundleScope;
  readonly #compiled: CompiledRules;
  readonly #gates: Gates | null;
  readonly #foreign: CompiledRules | null;

  /**
   * @param gates for a scanner that sees many files: what passes over most of them
   * @param foreign the bundle's rules of other people, which are compiled apart
   */
  constructor(
    bundle: RuleBundle,
    compiled: CompiledRules,
    gates: Gates | null = null,
    foreign: CompiledRules | null = null,
  ) {
    this.#scope = new BundleScope(bundle);
    this.#compiled = compiled;
    this.#gates = gates;
    this.#foreign = foreign;
  }

  /** @param at where it lies and whose it is, for rules of other people @returns the matches that count in this file; of a package's tarball also those in its members. */
  scan(bytes: Uint8Array, known?: FileType, name?: string, at?: ScanTarget): FileScan {
    const type = known ?? (this.#scope.limited || mayBePackage(bytes) ? identifyFile(bytes, name) : null);
    if (type && !this.#scope.mayMatch(type)) return { type, found: [], missing: null };
    const found: ScopedMatch[] = [];
    const own = this.#gates?.scan(bytes, type, this.#compiled) ?? this.#compiled.scan(bytes);
    const foreign = this.#foreign?.scan(bytes, externalsOf(name ?? "", at?.owner ?? "", bytes, type)) ?? [];
    for (const match of foreign.length === 0 ? own : [...own, ...foreign]) {
      const rule = this.#scope.ruleOf(match, type ?? identifyFile(bytes, name));
      if (rule) found.push({ rule, match });
    }
    const missing = type === "npm" ? this.#scanMembers(bytes, found) : null;
    return { type, found: this.#withoutReplaced(found), missing };
  }

  /**
   * While machines go over from one prescription to another, a file that both find is one finding. Of prescriptions that replace
   * each other all stay: something always is left of what was found.
   */
  #withoutReplaced(found: ScopedMatch[]): ScopedMatch[] {
    if (found.length < 2 || found.every(({ rule }) => !rule.replaces)) return found;
    const ids = new Set(found.flatMap(({ rule }) => rule.prescription ?? []));
    const replaced = new Map([...ids].map((id) => [id, this.#scope.replacedBy(id)]));
    const isReplaced = (id: PrescriptionId) =>
      [...replaced].some(([by, olds]) => olds.has(id) && !replaced.get(id)!.has(by));
    const gone = new Set([...ids].filter(isReplaced));
    return found.filter(({ rule }) => !rule.prescription || !gone.has(rule.prescription));
  }

  #scanMembers(bytes: Uint8Array, found: ScopedMatch[]): MissingContents | null {
    const { members, missing } = packageMembers(bytes, MAX_UNPACKED_BYTES);
    for (const { path, bytes: content } of members) {
      if (content.length === 0) continue;
      const matches = this.#compiled.scan(content);
      if (matches.length === 0) continue;
      const type = identifyFile(content, path);
      for (const match of matches) {
        const rule = this.#scope.ruleInPackage(match, type);
        if (rule) found.push({ rule, match, member: path });
      }
    }
    return missing;
  }

  close(): void {
    this.#gates?.close();
    this.#compiled.close();
    this.#foreign?.close();
  }
}

/** The first bytes of a gzip stream: only then is it worth while to ask for the type. */
const mayBePackage = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

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
