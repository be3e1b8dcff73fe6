/** What the suite of behaviours showed, as the tables of docs/behaviours.md. Pure. */
import type { Verdict } from "@thymus/contracts";
import type { SuiteProgram } from "@thymus/testkit/behaviours";

export interface Line {
  readonly program: SuiteProgram;
  readonly verdict: Verdict;
  /** Rule that held. */
  readonly rule: string;
}

/** Harmful called harmless, or the other way round, is an error; `unknown` is a miss; the wrong kind of harm is one too. */
export function gradeOf({ program, verdict }: Line): "right" | "miss" | "wrong kind" | "error" {
  if (program.harmful ? verdict === "harmless" : !["harmless", "unknown"].includes(verdict)) return "error";
  if (verdict === "unknown") return "miss";
  return verdict === program.verdict ? "right" : "wrong kind";
}

const START = "<!-- table: made by tests/e2e/behaviours.test.ts -->";
const END = "<!-- end of the table -->";

/** Rows: what the programs are; columns: what they were called. */
export function confusion(lines: readonly Line[]): string {
  const kinds = ["harmful", "unknown", "harmless"] as const;
  const called = ({ verdict }: Line) =>
    verdict === "harmless" || verdict === "unknown" ? verdict : "harmful";
  const row = (name: string, harmful: boolean) =>
    `| ${name} | ${kinds
      .map((kind) => lines.filter((line) => line.program.harmful === harmful && called(line) === kind).length)
      .join(" | ")} |`;
  return [
    "| | called harmful | called unknown | called harmless |",
    "| --- | --- | --- | --- |",
    row("harmful programs", true),
    row("harmless programs", false),
  ].join("\n");
}

const isOf = (program: SuiteProgram) =>
  program.harmful ? (program.verdict === "unknown" ? "harmful" : program.verdict) : "harmless";

/** `pending`: no run of this program came to its end yet. */
function table(programs: readonly SuiteProgram[], lines: readonly Line[]): string {
  return [
    "| program | what it does | is | called | by the rule |",
    "| --- | --- | --- | --- | --- |",
    ...programs.map((program) => {
      const line = lines.find((each) => each.program.id === program.id);
      if (!line) return `| ${program.id} | ${program.about} | ${isOf(program)} | pending | - |`;
      const { verdict, rule } = line;
      const grade = gradeOf(line);
      return `| ${program.id} | ${program.about} | ${isOf(program)} | ${verdict}${grade === "right" ? "" : ` (${grade})`} | ${rule} |`;
    }),
  ].join("\n");
}

function misses(lines: readonly Line[]): string {
  const found = lines.filter((line) => gradeOf(line) !== "right");
  if (found.length === 0) return "None.";
  return found.map((line) => `* ${line.program.id}: ${gradeOf(line)}, called ${line.verdict}.`).join("\n");
}

/** The page with its tables made anew. */
export function withTables(page: string, programs: readonly SuiteProgram[], lines: readonly Line[]): string {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error("the page has no place for the table");
  const parts = [
    START,
    "",
    confusion(lines),
    "",
    "## Misses",
    "",
    misses(lines),
    "",
    "## All programs",
    "",
    table(programs, lines),
    "",
    END,
  ];
  return `${before}${parts.join("\n")}${after}`;
}

/** What a page says that each program was called. */
export function toldBy(page: string): Map<string, string> {
  return new Map(
    [...page.matchAll(/^\| ([a-z-]+) \| [^|]+ \| [a-z]+ \| ([a-z]+)[^|]* \| [a-z-]+ \|$/gm)].map(
      ([, id, verdict]) => [id!, verdict!],
    ),
  );
}
