import type { Family } from "@thymus/contracts";
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

/** One rule over all cells: a file matches where it holds the strings of any cell. */
export function ruleText(family: Family | string, cells: readonly (readonly Candidate[])[]): string {
  const letters = "abcdefghij";
  const strings = cells.flatMap((cell, c) =>
    cell.map(({ hex }, i) => `    $${letters[c]}${i} = ${stringText(hex)}`),
  );
  const conditions = cells.map((cell, c) => {
    const count = needed(cell);
    if (cell.length === 1) return `$${letters[c]}0`;
    return `${count === cell.length ? "all" : count} of ($${letters[c]}*)`;
  });
  return [
    `rule thymus_${family.replace(/[^a-z0-9]/g, "_")} {`,
    "  meta:",
    `    family = "${family}"`,
    "  strings:",
    ...strings,
    "  condition:",
    `    ${conditions.join(" or ")}`,
    "}",
    "",
  ].join("\n");
}
