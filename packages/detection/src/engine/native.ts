import { createRequire } from "node:module";
import {
  type CompiledRules,
  type CompileOptions,
  DEFAULT_SCAN_TIMEOUT_MS,
  type RuleEngine,
  type RuleSource,
} from "./engine.ts";
import { EXTERNALS, type Externals, NO_EXTERNALS } from "./externals.ts";
import { faultsOf, ruleInvalid, scanFailed } from "./failures.ts";
import { normalForm } from "./normal-form.ts";
import { withoutBounds } from "./unbound.ts";

/** What we use of the native build (`@litko/yara-x-*`, which ships no types with the binary). */
interface NativeRules {
  addRuleSources(sources: { source: string; namespace: string }[]): void;
  setTimeout(milliseconds: number): void;
  getWarnings(): { code: string; message: string }[];
  scan(
    data: Uint8Array,
    variables?: Externals,
  ): {
    ruleIdentifier: string;
    namespace: string;
    matches: { offset: number; length: number }[];
  }[];
  serialize(): Uint8Array;
}
interface NativeOptions {
  enableIncludes: boolean;
  relaxedReSyntax?: boolean;
  defineVariables?: Record<string, string>;
}

interface NativeModule {
  compile(source: string, options: NativeOptions): NativeRules;
  validate(source: string, options: NativeOptions): { errors: { message: string }[] };
  deserialize(data: Uint8Array): NativeRules;
}

/** The native build of YARA-X. @throws whatever the loader throws where there is no binary for this machine */
export function loadNativeEngine(): RuleEngine {
  const require = createRequire(import.meta.url);
  const yara = require(`@litko/yara-x-${platform()}`) as NativeModule;
  return {
    name: "native",
    compile: (sources, options) => compiled(compileAll(yara, sources, optionsOf(options)), options),
    faults(source) {
      const { errors } = yara.validate(withoutBounds(source), optionsOf({ foreign: true }));
      return errors.length === 0
        ? []
        : faultsOf(
            errors.map(({ message }) => message),
            null,
          );
    },
    restore(blob, options) {
      try {
        return compiled(
          yara.deserialize(Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength)),
          options,
        );
      } catch {
        return null;
      }
    },
  };
}

function platform(): string {
  const libc = process.platform === "linux" ? "-gnu" : "";
  return `${process.platform}-${process.arch}${libc}`;
}

/** A rule must not read other files of the machine: no include statements. */
function optionsOf(options: CompileOptions | undefined): NativeOptions {
  if (!options?.foreign) return { enableIncludes: false };
  const defineVariables = Object.fromEntries(EXTERNALS.map((name) => [name, ""]));
  return { enableIncludes: false, relaxedReSyntax: true, defineVariables };
}

function compileAll(yara: NativeModule, sources: readonly RuleSource[], options: NativeOptions): NativeRules {
  const start = () => yara.compile("", options);
  try {
    const rules = start();
    rules.addRuleSources(
      sources.map(({ namespace, source }) => ({ namespace, source: withoutBounds(source) })),
    );
    return rules;
  } catch (cause) {
    // The batch does not say which source is at fault; each alone does, with the places that its author knows.
    for (const source of sources) {
      try {
        start().addRuleSources([source]);
      } catch (own) {
        throw ruleInvalid(source, own);
      }
    }
    throw ruleInvalid(null, cause);
  }
}

const slowOf = (warnings: readonly { code: string; message: string }[]) =>
  warnings.filter(({ code }) => code === "slow_pattern").map(({ message }) => message);

function compiled(rules: NativeRules, options: CompileOptions | undefined): CompiledRules {
  rules.setTimeout(options?.timeoutMs ?? DEFAULT_SCAN_TIMEOUT_MS);
  let open: NativeRules | null = rules;
  return {
    scan(bytes, externals) {
      if (!open) throw scanFailed("the rules are closed");
      try {
        return normalForm(
          (options?.foreign ? open.scan(bytes, externals ?? NO_EXTERNALS) : open.scan(bytes)).map(
            ({ namespace, ruleIdentifier, matches }) => ({
              namespace,
              rule: ruleIdentifier,
              matches,
            }),
          ),
        );
      } catch (cause) {
        throw scanFailed(cause);
      }
    },
    slow: slowOf(rules.getWarnings()),
    serialize: () => (open ? open.serialize() : null),
    close() {
      // The garbage collector frees the native object; nothing else can.
      open = null;
    },
  };
}
