import { type Repair, ThymusError } from "@thymus/contracts";
import { fingerprintOf, rebuild, repairWith } from "@thymus/repair";
import { pairInfections, type Specimen } from "../../../apps/analysis/src/infection/index.ts";
import { inferRepairs } from "../../../apps/analysis/src/repair-inference/index.ts";
import { deriveRule } from "../../../apps/analysis/src/signature/index.ts";
import type { Context } from "../run/context.ts";
import { type Row, type Share, share } from "../run/row.ts";
import { Scorer, timed } from "../run/score.ts";
import { type BenchInfection, type Infected, infectedSets } from "./infect.ts";

/** One infection: learned from some hosts, tried on others, and every found one given back. */
export async function infectionRow(context: Context, infection: BenchInfection): Promise<Row> {
  const row = await context.journal.once(`${infection.tier} ${infection.id}`, () =>
    measure(context, infection),
  );
  context.say(`${row.tier} ${row.name} ${describe(row)}`);
  return row;
}

async function measure(context: Context, infection: BenchInfection): Promise<Row> {
  const { learned, sample, unseen, note } = infectedSets(context, infection);
  const specimens = learned.map(specimenOf);
  const { value, cpuSeconds, seconds } = await timed(async () => {
    const analysis = pairInfections(specimens);
    const derived = await deriveRule({
      ...{ analysis, specimens, corpus: context.self, family: "bench.infection" },
      sample: { bytes: sample.after, type: sample.afterType },
    });
    const strings = "rule" in derived ? derived.strings : [];
    return { derived, repairs: inferRepairs(analysis, specimens, strings) };
  });
  const { derived, repairs } = value;
  const rule = "rule" in derived ? derived.rule : null;
  const scope = "rule" in derived ? derived.scope : null;
  const refused = "gaveUp" in derived ? derived.gaveUp.why : null;
  const all = Object.values(unseen).flat();
  const scorer = rule === null ? null : await Scorer.of(rule, scope);
  const hits = (bytes: Uint8Array, name: string) => scorer?.hits(bytes, name) ?? false;
  const clean = [...cleanOf([...learned, ...all]), ...context.changed];
  const found = foundOf({ learned, ...unseen }, hits);
  const wrong = clean.filter(({ bytes, name }) => hits(bytes, name)).map(({ name }) => name);
  const hit = all.filter(({ after, path }) => hits(after, path));
  const fixed = hit.map((each) => giveBack(repairs.recipes, each));
  scorer?.close();
  const forms = "rule" in derived ? (derived.forms ?? []).join("+") : "";
  const never = rule === null && infection.refusable ? NOTHING_CONSTANT : "";
  return {
    ...{ tier: infection.tier, name: infection.id, tool: "thymus", samples: learned.length },
    ...{ rule, scope, refused, found, wrong, clean: clean.length, cpuSeconds, seconds },
    repaired: infection.keepsBytes && rule !== null ? share(fixed.map((each) => each === "right")) : null,
    ...(infection.keepsBytes &&
      rule !== null && {
        rebuilt: share(hit.slice(0, REBUILT).map((each, i) => fixed[i] === "right" || comesBack(each))),
      }),
    repairedWrong: fixed.filter((each) => each === "wrong").length,
    note: [never, forms, rule === null ? "" : (repairs.why ?? ""), note].filter(Boolean).join("; "),
  };
}

/** Beginning of the note of a row that was rightly refused. */
export const NOTHING_CONSTANT = "nothing is constant";

export function foundOf(
  parts: Readonly<Record<string, readonly Infected[]>>,
  hits: (bytes: Uint8Array, name: string) => boolean,
): Record<string, Share> {
  return Object.fromEntries(
    Object.entries(parts).map(([part, list]) => [
      part,
      share(list.map(({ after, path }) => hits(after, path))),
    ]),
  );
}

export function cleanOf(list: readonly Infected[]): { name: string; bytes: Uint8Array }[] {
  return list.map(({ path, bytes }) => ({ name: path, bytes }));
}

function specimenOf({ path, type, bytes, after, afterType }: Infected): Specimen {
  return { path, kind: `bench-${type}`, type, before: bytes, after, afterType };
}

/** Files of each infection that are rebuilt: one that cannot be takes a second of work before it is refused. */
const REBUILT = 8;

/** By the fingerprint that a baseline keeps of the clean file, as an agent does where no recipe fits. */
function comesBack({ bytes, after }: Infected): boolean {
  const fingerprint = fingerprintOf(bytes);
  if (fingerprint === null) return false;
  const result = rebuild(fingerprint, after);
  return "rebuilt" in result && bytes.equals(result.rebuilt);
}

function giveBack(
  recipes: readonly Repair[],
  { after, afterType, bytes }: Infected,
): "right" | "wrong" | "refused" {
  try {
    const result = repairWith(recipes, after, afterType);
    if ("refused" in result) return "refused";
    return bytes.equals(result.repaired) ? "right" : "wrong";
  } catch (error) {
    if (error instanceof ThymusError) return "refused";
    throw error;
  }
}

export function describe(row: Row): string {
  if (row.refused !== null) return `refused: ${row.refused}; ${row.cpuSeconds.toFixed(1)} CPU s; ${row.note}`;
  const found = Object.entries(row.found).map(([part, [n, of]]) => `${part} ${n}/${of}`);
  const repaired = row.repaired === null ? "not to be repaired" : `repaired ${row.repaired.join("/")}`;
  const bad =
    row.wrong.length + row.repairedWrong > 0
      ? ` WRONG: ${row.wrong.length} hosts, ${row.repairedWrong} repairs`
      : "";
  return `${found.join(", ")}; ${repaired}${bad}; ${row.cpuSeconds.toFixed(1)} CPU s; ${row.note}`;
}
