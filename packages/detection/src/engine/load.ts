import { ThymusError } from "@thymus/contracts/errors";
import type { RuleEngine } from "./engine.ts";
import { loadNativeEngine } from "./native.ts";
import { loadWasmEngine } from "./wasm.ts";

let wasm: Promise<RuleEngine> | undefined;

/**
 * The engine asked for; without a wish the native one, and where this machine has no binary the WebAssembly one.
 * @throws ThymusError TOOL_MISSING where the one asked for cannot be loaded
 */
export async function loadEngine(kind?: "native" | "wasm"): Promise<RuleEngine> {
  if (kind !== "wasm") {
    try {
      return loadNativeEngine();
    } catch (cause) {
      if (kind === "native") {
        throw new ThymusError(
          "TOOL_MISSING",
          `the native rule engine has no binary for ${process.platform} ${process.arch}`,
          "use the WebAssembly engine",
          { cause },
        );
      }
    }
  }
  wasm ??= loadWasmEngine();
  return wasm;
}
