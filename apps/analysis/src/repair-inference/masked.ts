import type { ByteSource } from "@thymus/contracts";
import { baseOf, type Evidence } from "./evidence.ts";

/** Different clean values that one mask must explain: with fewer a chance word fits. */
const DISTINCT = 3;
const MIN_WIDTH = 4;
const MAX_WIDTH = 16;

/** A short field that is stored under one constant mask (XOR) in every infected file, at a fixed distance from a base. */
export function masked(evidence: Evidence, clean: readonly Uint8Array[]): ByteSource | null {
  const width = clean[0]!.length;
  if (width < MIN_WIDTH || width > MAX_WIDTH || clean.some((bytes) => bytes.length !== width)) return null;
  if (new Set(clean.map((bytes) => Buffer.from(bytes).toString("hex"))).size < DISTINCT) return null;
  for (const { from, low, high } of evidence.windows) {
    const places = evidence.cases.map((each) => baseOf(each, from));
    for (let at = low; at + width <= high; at++) {
      if (!fits(evidence, clean, places, at)) continue;
      const { after } = evidence.cases[0]!;
      const key = clean[0]!.map((byte, i) => byte ^ after[places[0]! + at + i]!);
      return {
        copy: { from, plus: at },
        length: width,
        decode: [{ kind: "xor", key: Buffer.from(key).toString("hex") }],
      };
    }
  }
  return null;
}

function fits(
  { cases }: Evidence,
  clean: readonly Uint8Array[],
  places: readonly number[],
  at: number,
): boolean {
  const first = cases[0]!.after;
  for (const [c, { after }] of cases.entries()) {
    const [here, there] = [places[c]! + at, places[0]! + at];
    if (here < 0 || here + clean[c]!.length > after.length) return false;
    for (let i = 0; i < clean[c]!.length; i++)
      if ((clean[c]![i]! ^ after[here + i]!) !== (clean[0]![i]! ^ first[there + i]!)) return false;
  }
  return true;
}
