import { median } from "../../shared/numbers.ts";
import { lowerBound, upperBound } from "../run/bounds.ts";
import { type GoodScan, type Kind, kindOf } from "../run/goodware.ts";
import { type Row, ruleBytes, type Share, type Tier } from "../run/row.ts";
import { NOTHING_CONSTANT } from "../tiers/infection.ts";

const titles: Record<Tier, string> = {
  A: "Tier A: families of real programs, newest builds and other architectures unseen",
  B: "Tier B: inert insertions into programs",
  C: "Tier C: packed programs",
  D: "Tier D: inert insertions into scripts",
  E: "Tier E: few samples, mislabelled ones, two families mixed",
  F: "Tier F: inputs that must be refused",
  G: "The blind generator: another author's infections",
};

const percent = (value: number) => `${(100 * value).toFixed(value < 0.001 ? 4 : 1)} %`;
const line = (...cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
const short = (text: string, length = 110) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const escaped = (text: string) => short(text).replaceAll("|", "\\|").replaceAll("\n", " ");

/** All rows of a run as Markdown, losing ones like winning ones. */
export function tables(rows: readonly Row[]): string {
  const tiers = [...new Set(rows.map(({ tier }) => tier))].sort();
  return tiers
    .map((tier) =>
      tierTable(
        tier,
        rows.filter((row) => row.tier === tier),
      ),
    )
    .join("\n");
}

/** What a tool did over a tier, added up. */
export function sums(rows: readonly Row[]): string {
  const text = [
    "### Sums\n",
    line(
      "tier",
      "tool",
      "inputs",
      "refused",
      "of them rightly",
      "unseen found",
      "at least (95 %)",
      "clean files hit",
      "at most (95 %)",
      "repaired by recipe",
      "with a fingerprint",
      "wrong repairs",
      "median CPU s",
      "median rule bytes",
    ),
    line(..."--------------".split("").map(() => "---")),
  ];
  for (const { tier, tool, group } of groupsOf(rows)) {
    const rightly = group.filter(rightlyRefused);
    const counted = group.filter((row) => !rightly.includes(row));
    const unseen = add(counted.flatMap((row) => unseenOf(row)));
    const hit = group.reduce((sum, { wrong }) => sum + wrong.length, 0);
    const clean = group.reduce((sum, row) => sum + (row.rule === null ? 0 : row.clean), 0);
    const repaired = add(group.flatMap((row) => (row.repaired === null ? [] : [row.repaired])));
    const rebuilt = add(group.flatMap((row) => (row.rebuilt === undefined ? [] : [row.rebuilt])));
    const ruled = group.filter(({ rule }) => rule !== null);
    text.push(
      line(
        ...[tier, tool, group.length, group.length - ruled.length, rightly.length],
        ...[unseen.join(" of ") + byPart(counted)],
        ...[unseen[1] > 0 ? percent(lowerBound(unseen[0], unseen[1])) : "-"],
        ...[`${hit} of ${clean}`, clean > 0 ? percent(upperBound(Math.min(hit, clean), clean)) : "-"],
        ...[
          repaired[1] > 0 ? repaired.join(" of ") : "-",
          rebuilt[1] > 0 ? rebuilt.join(" of ") : "-",
          group.reduce((sum, row) => sum + row.repairedWrong, 0),
        ],
        ...[median(group.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1)],
        ...[ruled.length > 0 ? median(ruled.map(ruleBytes)) : "-"],
      ),
    );
  }
  return `${text.join("\n")}\n`;
}

function tierTable(tier: Tier, rows: readonly Row[]): string {
  const repairs = rows.some(({ repaired }) => repaired !== null);
  const text = [
    `### ${titles[tier]}\n`,
    line(
      "input",
      "tool",
      "samples",
      "found",
      "clean hit",
      ...(repairs ? ["repaired by recipe", "with a fingerprint"] : []),
      "CPU s",
      "rule bytes",
      "why refused, or what the rule rests on",
    ),
    line(...Array.from({ length: repairs ? 10 : 8 }, () => "---")),
  ];
  for (const row of rows) {
    const found = Object.entries(row.found)
      .filter(([, [, of]]) => of > 0)
      .map(([part, [n, of]]) => `${part} ${n}/${of}`);
    const back = row.repaired === null ? "-" : row.repaired.join("/");
    const repaired = row.repairedWrong > 0 ? `${back}, ${row.repairedWrong} wrong` : back;
    text.push(
      line(
        ...[row.name, row.tool, row.samples, row.refused === null ? found.join(", ") : "refused"],
        ...[row.rule === null ? "-" : `${row.wrong.length}/${row.clean}`],
        ...(repairs ? [repaired, row.rebuilt?.join("/") ?? "-"] : []),
        ...[
          row.cpuSeconds.toFixed(1),
          row.rule === null ? "-" : ruleBytes(row),
          escaped(row.refused ?? row.note),
        ],
      ),
    );
  }
  return `${text.join("\n")}\n`;
}

/** Clean files that nobody has seen, by kind and tool. */
export function goodwareTable(scan: GoodScan, part: string): string {
  const tools = [...new Set(scan.hits.map(({ tool }) => tool))];
  if (!tools.includes("thymus")) tools.unshift("thymus");
  const text = [
    `### Unseen goodware (${part})\n`,
    `${scan.files} files, ${(scan.bytes / 1e9).toFixed(2)} GB, ${scan.rules} rules together, ${scan.seconds.toFixed(0)} s; ${scan.errors} files could not be read.\n`,
    line("tool", "kind", "files", "files hit", "at most (95 %), of a million", "by"),
    line(..."------".split("").map(() => "---")),
  ];
  for (const tool of tools) {
    for (const kind of ["elf", "script", "rest", "all"] as const) {
      const hits = scan.hits.filter(
        (hit) => hit.tool === tool && (kind === "all" || kindOf(hit.type) === kind),
      );
      const files = kind === "all" ? scan.files : scan.kinds[kind as Kind];
      const hit = new Set(hits.map(({ path }) => path)).size;
      const by = [...new Set(hits.map(({ rule }) => rule))];
      text.push(
        line(
          tool,
          kind,
          files,
          hit,
          (1e6 * upperBound(hit, files)).toFixed(1),
          escaped(by.slice(0, 6).join(", ")),
        ),
      );
    }
  }
  return `${text.join("\n")}\n\n${hitsByTier(scan, tools)}`;
}

/** Which tier's rules it was that hit clean files: those of tiers C and F were made of clean programs. */
function hitsByTier(scan: GoodScan, tools: readonly string[]): string {
  const tiers = Object.keys(titles);
  const text = [
    "Files hit by the rules of each tier:\n",
    line("tool", ...tiers),
    line("---", ...tiers.map(() => "---")),
  ];
  for (const tool of tools) {
    const cells = tiers.map((tier) => {
      const hits = scan.hits.filter((hit) => hit.tool === tool && hit.rule.startsWith(`${tier} `));
      return new Set(hits.map(({ path }) => path)).size;
    });
    text.push(line(tool, ...cells));
  }
  return `${text.join("\n")}\n`;
}

function unseenOf(row: Row): Share[] {
  return Object.entries(row.found)
    .filter(([part]) => part !== "train" && part !== "learned")
    .map(([, found]) => found);
}

interface Group {
  readonly tier: Tier;
  readonly tool: string;
  readonly group: readonly Row[];
}

/** Rows by tier and tool; where peers were given a part of the inputs, ours of that part once more. */
function groupsOf(rows: readonly Row[]): Group[] {
  return [...Map.groupBy(rows, ({ tier }) => tier)].flatMap(([tier, list]) => {
    const groups: Group[] = [...Map.groupBy(list, ({ tool }) => tool)].map(([tool, group]) => ({
      tier,
      tool,
      group,
    }));
    const names = new Set(list.filter(({ tool }) => tool !== "thymus").map(({ name }) => name));
    const same = list.filter(({ tool, name }) => tool === "thymus" && names.has(name));
    const ours = groups.findIndex(({ tool }) => tool === "thymus");
    if (ours >= 0 && same.length > 0 && same.length < groups[ours]!.group.length)
      groups.splice(ours + 1, 0, { tier, tool: "thymus, peers' inputs", group: same });
    return groups;
  });
}

/** The parts of what was unseen, where there are more than one. */
function byPart(rows: readonly Row[]): string {
  const parts = [...new Set(rows.flatMap(({ found }) => Object.keys(found)))].filter(
    (part) => part !== "train" && part !== "learned",
  );
  if (parts.length < 2) return "";
  const texts = parts.map(
    (part) => `${part} ${add(rows.flatMap(({ found }) => (found[part] ? [found[part]] : []))).join("/")}`,
  );
  return ` (${texts.join(", ")})`;
}

/** Nothing was constant, or the samples were no family: then a rule would have been a guess. */
function rightlyRefused(row: Row): boolean {
  return row.rule === null && (row.tier === "F" || row.note.startsWith(NOTHING_CONSTANT));
}

function add(shares: readonly Share[]): Share {
  return [shares.reduce((sum, [n]) => sum + n, 0), shares.reduce((sum, [, of]) => sum + of, 0)];
}
