import type { Candidate } from "./candidate.ts";
import { isText, STRONG } from "./candidates.ts";

/** A hex run (with `??`) as a YARA string: quoted text where it is plain text, else a hex string. */
export function stringText(hex: string): string {
  if (!hex.includes("?")) {
    const bytes = Buffer.from(hex, "hex");
    if (isText(bytes)) {
      const text = bytes.toString("latin1");
      return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\t/g, "\\t")}"`;
    }
  }
  return `{${hex.toUpperCase()}}`;
}

/** How many of a cell's strings a file must hold: weak ones all, strong ones one may be missing of three. */
export function needed(strings: readonly Candidate[]): number {
  const weak = strings.some(({ logProbability }) => logProbability > STRONG);
  return weak || strings.length < 3 ? strings.length : strings.length - 1;
}
