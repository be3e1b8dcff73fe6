import { stringText } from "../rule-text.ts";

/** Strings of which a file must hold so many. */
export interface RulePart {
  readonly hexes: readonly string[];
  readonly needed: number;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** The first four bytes of an ELF file, as YARA reads them (little endian). */
const ELF_MAGIC = "0x464C457F";

/** A rule in the common subset of YARA-X and YARA 4; a file matches where it holds enough strings of every part of any cell. */
export function familyRuleText(
  family: string,
  cells: readonly (readonly RulePart[])[],
  elfOnly: boolean,
): string {
  const strings: string[] = [];
  let letter = 0;
  const conditions = cells.map((parts) => {
    const terms = parts.map(({ hexes, needed }) => {
      const name = LETTERS[letter++]!;
      strings.push(...hexes.map((hex, i) => `    $${name}${i} = ${stringText(hex)}`));
      return `${needed === hexes.length ? "all" : needed} of ($${name}*)`;
    });
    return terms.join(" and ");
  });
  const any = conditions.map((each) => (conditions.length > 1 ? `(${each})` : each)).join(" or ");
  const condition = elfOnly
    ? `uint32(0) == ${ELF_MAGIC} and ${conditions.length > 1 ? `(${any})` : any}`
    : any;
  return [
    `rule thymus_${family.replace(/[^a-z0-9]/g, "_")} {`,
    "  meta:",
    `    family = "${family}"`,
    "  strings:",
    ...strings,
    "  condition:",
    `    ${condition}`,
    "}",
    "",
  ].join("\n");
}
