import { loadEngine } from "../engine/load.ts";

/** Compiles and applies a rule of each kind: the engine starts its threads, and loads what it needs, with the first. */
export async function warmEngine(kind: "native" | "wasm"): Promise<void> {
  const engine = await loadEngine(kind);
  for (const foreign of [false, true]) {
    const source = 'rule warm { strings: $a = "warm" condition: $a }';
    const options = { timeoutMs: 1000, foreign };
    const rules = engine.compile([{ namespace: "warm", source }], options);
    rules.scan(Buffer.from("this is warm"));
    const form = rules.serialize();
    rules.close();
    if (form === null) continue;
    const restored = engine.restore(form, options);
    restored?.scan(Buffer.from("this is warm"));
    restored?.close();
  }
  engine.faults("rule warm { condition: nothing }");
}
