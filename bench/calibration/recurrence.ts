import { readFileSync } from "node:fs";
import { WINDOW } from "../../apps/analysis/src/signature/features/index.ts";
import type { Good } from "../signature/corpora/parts.ts";
import type { Drawn } from "./draw.ts";

const BASE = 0x01000193;
const FILTER_BITS = 22;

/**
 * Which of the runs stand in any of these files, other than those of the source package that a run is from. Exact: a rolling hash
 * (Karp and Rabin 1987) finds the places, a comparison decides.
 */
export function recurring(runs: readonly Drawn[], files: Iterable<Good>): Set<Drawn> {
  const byHash = Map.groupBy(runs, ({ bytes }) => hashOf(bytes));
  const filter = new Uint8Array(2 ** (FILTER_BITS - 3));
  for (const hash of byHash.keys()) {
    const slot = hash >>> (32 - FILTER_BITS);
    filter[slot >>> 3]! |= 1 << (slot & 7);
  }
  const found = new Set<Drawn>();
  let out = 1;
  for (let i = 0; i < WINDOW; i++) out = Math.imul(out, BASE);
  for (const { path, source } of files) {
    const bytes = readFileSync(path);
    let hash = 0;
    for (let at = 0; at < bytes.length; at++) {
      hash = (Math.imul(hash, BASE) + bytes[at]! + 1) | 0;
      if (at >= WINDOW) hash = (hash - Math.imul(out, bytes[at - WINDOW]! + 1)) | 0;
      const slot = hash >>> (32 - FILTER_BITS);
      if ((filter[slot >>> 3]! & (1 << (slot & 7))) === 0) continue;
      for (const run of byHash.get(hash >>> 0) ?? []) {
        if (run.source !== source && run.bytes.equals(bytes.subarray(at - WINDOW + 1, at + 1)))
          found.add(run);
      }
    }
  }
  return found;
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, BASE) + byte + 1) | 0;
  return hash >>> 0;
}
