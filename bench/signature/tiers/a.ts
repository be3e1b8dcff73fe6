import { families } from "../corpora/families.ts";
import type { Context } from "../run/context.ts";
import type { Row } from "../run/row.ts";
import { familyRows } from "./families.ts";

/** Tier A: real programs over versions and architectures; the newest builds and other architectures are unseen. */
export async function tierA(context: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name } of families) {
    const own = context.builds.filter(({ family }) => family === name);
    const part = (wanted: string) => own.filter((build) => build.part === wanted);
    rows.push(
      ...(await familyRows(context, {
        ...{ tier: "A", name, family: name, samples: part("train") },
        unseen: { newest: part("newest"), elsewhere: part("elsewhere") },
        others: context.builds.filter(({ family }) => family !== name),
      })),
    );
  }
  return rows;
}
