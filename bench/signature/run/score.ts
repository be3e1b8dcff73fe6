import type { FileType } from "@thymus/contracts";
import { type CompiledRules, identifyFile, loadEngine } from "@thymus/detection";

/** Whether a rule hits files; rules count only in files of their scope, as on machines. */
export class Scorer {
  readonly #rules: CompiledRules;
  readonly #scope: readonly FileType[] | null;

  private constructor(rules: CompiledRules, scope: readonly FileType[] | null) {
    this.#rules = rules;
    this.#scope = scope;
  }

  /** @throws ThymusError RULE_INVALID */
  static async of(rule: string, scope: readonly FileType[] | null): Promise<Scorer> {
    const engine = await loadEngine();
    return new Scorer(engine.compile([{ namespace: "bench", source: rule }]), scope);
  }

  hits(bytes: Uint8Array, name?: string): boolean {
    if (this.#scope !== null && !this.#scope.includes(identifyFile(bytes, name))) return false;
    return this.#rules.scan(bytes).length > 0;
  }

  close(): void {
    this.#rules.close();
  }
}

/** Processor seconds of all threads and seconds of the clock that a work took. */
export async function timed<T>(
  work: () => Promise<T>,
): Promise<{ value: T; cpuSeconds: number; seconds: number }> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { value, cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - started) / 1000 };
}
