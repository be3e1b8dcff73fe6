import { loadEngine } from "@thymus/detection";
import type { Self } from "../../signature/self.ts";

const engine = await loadEngine();

/** Byte-pair statistics and an in-memory scan over a few clean files. */
export function fakeSelf(files: readonly Uint8Array[]): Self & { scans: number } {
  const pairs = new Float64Array(65536).fill(0.02);
  const singles = new Float64Array(256).fill(0.02 * 256);
  for (const bytes of files) {
    for (let i = 1; i < bytes.length; i++) {
      pairs[bytes[i - 1]! * 256 + bytes[i]!]!++;
      singles[bytes[i - 1]!]!++;
    }
  }
  const self = {
    scans: 0,
    logProbability(bytes: Uint8Array): number {
      let sum = Math.log(1 / 256);
      for (let i = 1; i < bytes.length; i++) {
        sum += Math.log(pairs[bytes[i - 1]! * 256 + bytes[i]!]! / singles[bytes[i - 1]!]!);
      }
      return sum;
    },
    async scan(sources: { namespace: string; source: string }[]) {
      self.scans++;
      const rules = engine.compile(sources);
      const hits = files.flatMap((bytes) =>
        rules.scan(bytes).map(({ namespace, rule }) => ({ namespace, rule })),
      );
      rules.close();
      return { files: files.length, bytes: files.reduce((sum, bytes) => sum + bytes.length, 0), hits };
    },
  };
  return self;
}

/** Whether a rule matches, by the engine that scans machines. */
export function ruleMatches(rule: string, bytes: Uint8Array): boolean {
  const rules = engine.compile([{ namespace: "test", source: rule }]);
  const found = rules.scan(bytes).length > 0;
  rules.close();
  return found;
}
