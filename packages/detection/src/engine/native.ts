import { createRequire } from "node:module";
import {
  type CompiledRules,
  type CompileOptions,
  DEFAULT_SCAN_TIMEOUT_MS,
  type RuleEngine,
  type RuleSource,
} from "./engine.ts";
import { ruleInvalid, scanFailed } from "./failures.ts";
import { normalForm } from "./normal-form.ts";
import { withoutBounds } from "./unbound.ts";

/** What we use of the native build (`@litko/yara-x-*`, which ships no types with the binary). */
interface NativeRules {
  addRuleSources(sources: { source: string; namespace: string }[]): void;
  setTimeout(milliseconds: number): void;
  scan(data: Uint8Array): {
    ruleIdentifier: string;
    namespace: string;
    matches: { offset: number; length: number }[];
  }[];
  serialize(): Uint8Array;
}
interface NativeModule {
  compile(source: string, options: { enableIncludes: boolean }): NativeRules;
  deserialize(data: Uint8Array): NativeRules;
}

/** The native build of YARA-X. @throws whatever the loader throws where there is no binary for this machine */
export function loadNativeEngine(): RuleEngine {
  const require = createRequire(import.meta.url);
  const yara = require(`@litko/yara-x-${platform()}`) as NativeModule;
  return {
    name: "native",
    compile: (sources, options) => compiled(compileAll(yara, sources), options),
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

function compileAll(yara: NativeModule, sources: readonly RuleSource[]): NativeRules {
  // A rule must not read other files of the machine: no include statements.
  const start = () => yara.compile("", { enableIncludes: false });
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

function compiled(rules: NativeRules, options: CompileOptions | undefined): CompiledRules {
  rules.setTimeout(options?.timeoutMs ?? DEFAULT_SCAN_TIMEOUT_MS);
  let open: NativeRules | null = rules;
  return {
    scan(bytes) {
      if (!open) throw scanFailed("the rules are closed");
      try {
        return normalForm(
          open.scan(bytes).map(({ namespace, ruleIdentifier, matches }) => ({
            namespace,
            rule: ruleIdentifier,
            matches,
          })),
        );
      } catch (cause) {
        throw scanFailed(cause);
      }
    },
    serialize: () => (open ? open.serialize() : null),
    close() {
      // The garbage collector frees the native object; nothing else can.
      open = null;
    },
  };
}
