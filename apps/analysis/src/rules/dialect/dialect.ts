/** Where a rule is refused by YARA 4 or YARA-X, or means something else in them. From its text alone; nothing is run. */
import type { RuleDifference } from "@thymus/contracts";
import { unusedPatterns } from "../judge/shape.ts";
import type { Rule, Statement } from "../syntax/ast.ts";
import { conditionWays } from "./condition.ts";
import { refusedBy4, refusedByX, type Way } from "./difference.ts";
import { stringDifferences } from "./strings.ts";

const LONGEST_NAME = 128;
/** Modules that one of the two does not have; `before` as in a difference. */
const modules: Readonly<Record<string, Way>> = {
  string: refusedBy4("it imports the module string", "compare texts otherwise", "4.3"),
  lnk: refusedBy4("it imports the module lnk", "read the fields with uint32"),
  crx: refusedBy4("it imports the module crx", "read the fields with uint32"),
  vt: refusedBy4("it imports the module vt", "this is known to VirusTotal only"),
  magic: refusedByX("it imports the module magic", "ask for the first bytes, such as uint32(0)"),
};

export function dialectDifferences(rule: Rule, statements: readonly Statement[]): RuleDifference[] {
  const ways = conditionWays(rule.condition);
  if (rule.name.length > LONGEST_NAME)
    ways.push(refusedBy4(`its name has more than ${LONGEST_NAME} letters`, "shorten it"));
  if (rule.name === "with") ways.push(refusedByX("its name is a word of YARA-X", "name it otherwise"));
  if (new Set(rule.modifiers).size < rule.modifiers.length)
    ways.push(refusedByX("a modifier of it stands twice", "write it once"));
  if (rule.meta.some(({ value }) => /^-?\d+\.\d/.test(value)))
    ways.push(refusedBy4("its meta has a number with a point", "put it in quotes"));
  const used = JSON.stringify(rule.condition);
  for (const { what, value } of statements)
    if (what === "import" && modules[value] && used.includes(`"text":"${value}"`)) ways.push(modules[value]);
  const hidden = unusedPatterns(rule).filter(({ id }) => id.startsWith("$_"));
  return [
    ...ways.map((way) => ({ ...way, string: null, line: rule.place.line })),
    ...hidden.map((pattern) => ({
      ...refusedBy4("the condition never uses it", "leave it out", "4.3"),
      string: pattern.id,
      line: pattern.place.line,
    })),
    ...rule.patterns.flatMap(stringDifferences),
  ];
}
