import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Rules, Scanner } from "@virustotal/yara-x";
import type { CompiledRules, CompileOptions, RuleEngine, RuleSource } from "./engine.ts";
import { EXTERNALS, NO_EXTERNALS } from "./externals.ts";
import { faultsOf, ruleInvalid, scanFailed } from "./failures.ts";
import { normalForm } from "./normal-form.ts";
import { withoutBounds } from "./unbound.ts";

type YaraModule = typeof import("@virustotal/yara-x");

/** What the official build answers (it has no type for it). */
interface WasmResult {
  valid: boolean;
  errors?: unknown[];
  matches: {
    identifier: string;
    namespace: string;
    isPrivate: boolean;
    patterns: { isPrivate: boolean; matches: { offset: number; length: number }[] }[];
  }[];
}

/** The official WebAssembly build of YARA-X: runs everywhere, with a few milliseconds of cost a scan. */
export async function loadWasmEngine(): Promise<RuleEngine> {
  const yara = await import("@virustotal/yara-x");
  const manifest = createRequire(import.meta.url).resolve("@virustotal/yara-x/package.json");
  yara.initSync({ module: readFileSync(manifest.replace(/package\.json$/, "pkg/yara_x_js_bg.wasm")) });
  return {
    name: "wasm",
    compile(sources, options) {
      const rules = build(yara, sources, options);
      return compiled(rules, rules.scanner(), options);
    },
    faults(source) {
      const compiler = new yara.Compiler();
      try {
        defineExternals(compiler);
        compiler.addSource(withoutBounds(source));
        return [];
      } catch (thrown) {
        return faultsOf(compiler.errors, thrown);
      } finally {
        compiler.free();
      }
    },
    restore: () => null,
  };
}

function defineExternals(compiler: InstanceType<YaraModule["Compiler"]>): void {
  for (const name of EXTERNALS) compiler.defineGlobal(name, "");
}

function build(yara: YaraModule, sources: readonly RuleSource[], options: CompileOptions | undefined): Rules {
  const compiler = new yara.Compiler();
  if (options?.foreign) defineExternals(compiler);
  try {
    for (const source of sources) {
      try {
        compiler.newNamespace(source.namespace);
        compiler.addSource(withoutBounds(source.source));
      } catch (cause) {
        throw ruleInvalid(source, asWritten(yara, source) ?? cause);
      }
    }
    return compiler.build();
  } finally {
    compiler.free();
  }
}

/** What the compiler says of a refused source with the places that its author knows. */
function asWritten(yara: YaraModule, { source }: RuleSource): unknown {
  const compiler = new yara.Compiler();
  try {
    compiler.addSource(source);
    return null;
  } catch (cause) {
    return cause;
  } finally {
    compiler.free();
  }
}

function compiled(rules: Rules, scanner: Scanner, options: CompileOptions | undefined): CompiledRules {
  if (options?.timeoutMs) scanner.setTimeoutMs(options.timeoutMs);
  let open = true;
  return {
    scan(bytes, externals) {
      if (!open) throw scanFailed("the rules are closed");
      if (options?.foreign)
        for (const name of EXTERNALS) scanner.setGlobal(name, (externals ?? NO_EXTERNALS)[name]);
      let result: WasmResult;
      try {
        result = scanner.scan(bytes);
      } catch (cause) {
        throw scanFailed(cause);
      }
      if (!result.valid) throw scanFailed(JSON.stringify(result.errors ?? "invalid scan"));
      return normalForm(
        result.matches
          .filter((match) => !match.isPrivate)
          .map(({ namespace, identifier, patterns }) => ({
            namespace,
            rule: identifier,
            matches: patterns.filter((pattern) => !pattern.isPrivate).flatMap((pattern) => pattern.matches),
          })),
      );
    },
    slow: rules.warnings.filter((text) => text.includes("[slow_pattern]")),
    serialize: () => null,
    close() {
      if (!open) return;
      open = false;
      scanner.free();
      rules.free();
    },
  };
}
