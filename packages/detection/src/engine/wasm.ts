import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Rules, Scanner } from "@virustotal/yara-x";
import type { CompiledRules, CompileOptions, RuleEngine, RuleSource } from "./engine.ts";
import { ruleInvalid, scanFailed } from "./failures.ts";
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
      const rules = build(yara, sources);
      return compiled(rules, rules.scanner(), options);
    },
    restore: () => null,
  };
}

function build(yara: YaraModule, sources: readonly RuleSource[]): Rules {
  const compiler = new yara.Compiler();
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
    scan(bytes) {
      if (!open) throw scanFailed("the rules are closed");
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
    serialize: () => null,
    close() {
      if (!open) return;
      open = false;
      scanner.free();
      rules.free();
    },
  };
}
