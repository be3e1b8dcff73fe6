import { readFileSync } from "node:fs";
import { nearestFamily, saysSomething } from "../../apps/analysis/src/families/sketch/kinship.ts";
import { sketchOfSample } from "../../apps/analysis/src/families/sketch/of-sample.ts";
import type { KinSketch } from "../../apps/analysis/src/families/sketch/sketch.ts";
import type { Self } from "../../apps/analysis/src/signature/index.ts";
import type { Arrival } from "./arrivals.ts";

/** What became of the arrivals of one family, or of the strangers. */
export interface Named {
  readonly family: string;
  arrived: number;
  /** Nobody's like was there before it, and it was told to be new. */
  firstRight: number;
  /** Named as a variant of its own family. */
  right: number;
  /** Told to be new although its family was known. */
  missed: number;
  /** Named as a variant of another family. */
  wrong: string[];
  /** Too little of its own to be compared at all; also counted as missed where its family was known. */
  silent: number;
  lowest: number;
}

export interface Naming {
  readonly families: readonly Named[];
  readonly sketchSeconds: { readonly median: number; readonly most: number };
}

/** Members that a family remembers, as the product does. */
const MOST_MEMBERS = 24;

export async function nameAll(
  list: readonly Arrival[],
  self: Self,
  say: (line: string) => void,
): Promise<Naming> {
  const rows = new Map<string, Named>();
  const known: { family: string; sketch: KinSketch; truth: string }[] = [];
  const seconds: number[] = [];
  for (const arrival of list) {
    const truth = arrival.family;
    const label = arrival.isStranger ? "strangers" : truth;
    const row = rows.get(label) ?? fresh(label);
    rows.set(label, row);
    row.arrived++;
    const bytes = readFileSync(arrival.path);
    const started = performance.now();
    const sketch = sketchOfSample({ name: arrival.name, bytes, type: arrival.type }, [], self);
    seconds.push((performance.now() - started) / 1000);
    if (!saysSomething(sketch)) row.silent++;
    const expected = known.some((each) => each.truth === truth);
    const kin = nearestFamily(sketch, known);
    // A family is whatever its first member was.
    const told = kin && known.find((each) => each.family === kin.family)!.truth;
    if (kin === null) {
      if (expected) row.missed++;
      else row.firstRight++;
      if (expected) say(`missed: ${arrival.name} (${JSON.stringify(totals(sketch))})`);
    } else if (told === truth) {
      row.right++;
      row.lowest = Math.min(row.lowest, kin.similarity);
    } else {
      row.wrong.push(`${arrival.name} as ${kin.family} (${kin.similarity.toFixed(2)})`);
      say(`joined: ${arrival.name} to ${kin.family} ${kin.similarity.toFixed(2)}`);
    }
    const name = kin?.family ?? arrival.name;
    const size = known.filter(({ family }) => family === name).length;
    if (saysSomething(sketch) && size < MOST_MEMBERS) known.push({ family: name, sketch, truth });
  }
  seconds.sort((a, b) => a - b);
  const families = [...rows.values()].sort((a, b) => (a.family < b.family ? -1 : 1));
  return { families, sketchSeconds: { median: seconds[seconds.length >> 1]!, most: seconds.at(-1)! } };
}

const fresh = (family: string): Named => ({
  ...{ family, arrived: 0, firstRight: 0, right: 0, missed: 0, wrong: [], silent: 0, lowest: 1 },
});

const totals = ({ texts, code, body }: KinSketch) => [texts.total, code.total, body.total];

export function table({ families, sketchSeconds }: Naming): string {
  const lines = families.map(
    (row) =>
      `| ${row.family} | ${row.arrived} | ${row.firstRight} | ${row.right} | ${row.missed} | ${row.wrong.length} | ${row.right > 0 ? row.lowest.toFixed(2) : ""} |`,
  );
  return [
    "| family | arrived | told to be new, rightly | named right | missed | joined to another | least similarity |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
    `A sketch takes ${sketchSeconds.median.toFixed(2)} s (median), ${sketchSeconds.most.toFixed(1)} s at most.`,
  ].join("\n");
}
