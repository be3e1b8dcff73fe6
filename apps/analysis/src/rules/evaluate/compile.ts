/** Which rules of a file YARA-X takes; one that it refuses does not stop the others. */
import { asThymusError, type RuleProblem } from "@thymus/contracts";
import type { RuleEngine } from "@thymus/detection";
import { dialectDifferences } from "../dialect/dialect.ts";
import type { RuleFile, RuleRegion } from "../syntax/ast.ts";
import { Places } from "../syntax/lexer.ts";
import { parseRules } from "../syntax/parse.ts";

/** Rules of one file that may be refused before all of it is. */
const MAX_ROUNDS = 200;

export interface CompiledFile {
  /** What compiles: refused rules are blank, and `private` is taken away so that every rule's hits are seen. */
  readonly text: string;
  readonly regions: readonly RuleRegion[];
  readonly problems: readonly RuleProblem[];
  /** All of it but `private`, with what YARA-X refuses. */
  readonly whole: { readonly text: string } & Pick<RuleFile, "regions" | "statements">;
}

export function compileFile(engine: RuleEngine, source: string): CompiledFile {
  const file: RuleFile = parseRules(source);
  const places = new Places(source);
  const problems: RuleProblem[] = file.faults.map(({ place, message }) => ({
    severity: "error",
    message,
    ...place,
  }));
  const refused = new Set<RuleRegion>();
  let text = source;
  for (const { privateAt } of file.regions) if (privateAt) text = blank(text, privateAt.start, privateAt.end);
  const whole = { text, regions: file.regions, statements: file.statements };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const why = refusal(engine, text);
    if (why === null)
      return { text, regions: file.regions.filter((region) => !refused.has(region)), problems, whole };
    const place = why.place ?? { line: 1, column: 1 };
    const at = places.offset(place);
    const part =
      file.regions.find((region) => !refused.has(region) && at >= region.start && at < region.end) ??
      file.statements.find(({ start, end }) => at >= start && at < end);
    const known = part && "rule" in part && part.rule ? dialectDifferences(part.rule, file.statements) : [];
    const taken = known
      .filter(({ engine }) => engine === "yara-x")
      .map((each) => `${each.message}: ${each.change}`);
    const hint = taken.length > 0 ? ` (YARA 4 takes it; ${taken.join("; ")})` : "";
    problems.push({ severity: "error", message: why.message + hint, ...place });
    if (!part || text.slice(part.start, part.end).trim() === "") break;
    if ("rule" in part) refused.add(part);
    text = blank(text, part.start, part.end);
  }
  return { text: "", regions: [], problems, whole };
}

/** The same places with nothing there. */
function blank(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, " ") + text.slice(end);
}

function refusal(
  engine: RuleEngine,
  source: string,
): { message: string; place: { line: number; column: number } | null } | null {
  try {
    engine.compile([{ namespace: "rules", source }]).close();
    return null;
  } catch (thrown) {
    const { message } = asThymusError(thrown);
    const found = /-->\s*line:(\d+):(\d+)/.exec(message);
    const first = message.replace(/^rule source "[^"]*": /, "").split("\n")[0]!;
    return { message: first, place: found ? { line: Number(found[1]), column: Number(found[2]) } : null };
  }
}
