import { families } from "../corpora/families.ts";
import type { Build } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import type { Row } from "../run/row.ts";
import { familyRows } from "./families.ts";

const SIZES = [1, 2, 3, 5];

/** Tier E: few samples, a fifth of them mislabelled, and two families sent as one. */
export async function tierE(context: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [i, { name }] of families.entries()) {
    const own = context.builds.filter(({ family }) => family === name);
    const train = own.filter(({ part }) => part === "train");
    const other = families[(i + 5) % families.length]!.name;
    const foreign = context.builds.filter(({ family, part }) => family === other && part === "train");
    const unseen = {
      newest: own.filter(({ part }) => part === "newest"),
      elsewhere: own.filter(({ part }) => part === "elsewhere"),
    };
    const strangers = (...known: string[]) => context.builds.filter(({ family }) => !known.includes(family));
    for (const size of SIZES.filter((each) => each <= train.length)) {
      const samples = spread(train, size);
      const label = size === 1 ? "1 sample" : `${size} samples`;
      rows.push(
        ...(await familyRows(context, {
          ...{ tier: "E", name: `${name}, ${label}`, family: name, samples, unseen, others: strangers(name) },
        })),
      );
    }
    const four = spread(train, Math.min(4, train.length));
    rows.push(
      ...(await familyRows(context, {
        ...{ tier: "E", name: `${name}, ${four.length} and one of ${other}`, family: name, unseen },
        samples: [...four, foreign[0]!],
        // What was mislabelled may be found as the one file that it is, never its family.
        others: strangers(name).filter(({ sha256 }) => sha256 !== foreign[0]!.sha256),
      })),
    );
    rows.push(
      ...(await familyRows(context, {
        ...{ tier: "E", name: `${name} and ${other}, 3 each`, family: name, unseen },
        samples: [...spread(train, 3), ...spread(foreign, 3)],
        others: strangers(name, other),
      })),
    );
  }
  return rows;
}

/** So many of the list, the first and the last among them. */
export function spread(list: readonly Build[], count: number): Build[] {
  if (count >= list.length) return [...list];
  if (count === 1) return [list[0]!];
  return Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))]!);
}
