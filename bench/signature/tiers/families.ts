import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deriveFamilyRule } from "../../../apps/analysis/src/signature/family/index.ts";
import type { Build } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import { type Row, share, type Tier } from "../run/row.ts";
import { Scorer, timed } from "../run/score.ts";

/** A file to be told apart; `path` is where its bytes lie. */
export interface Program {
  readonly name: string;
  readonly path: string;
  readonly type: Build["type"];
}

/** One question: a rule from these samples, then what it finds and hits. */
export interface FamilyCase {
  readonly tier: Tier;
  readonly name: string;
  readonly family: string;
  readonly samples: readonly Program[];
  readonly unseen: Readonly<Record<string, readonly Program[]>>;
  /** Programs that the rule must not hit. */
  readonly others: readonly Program[];
}

/** Our rule, and that of every peer, for one case. */
export async function familyRows(context: Context, each: FamilyCase): Promise<Row[]> {
  const rows = [
    await context.journal.once(`${each.tier} ${each.name} thymus`, async () => {
      const samples = each.samples.map(({ name, path, type }) => ({ name, type, bytes: readFileSync(path) }));
      const { value, ...spent } = await timed(() =>
        deriveFamilyRule({ samples, self: context.self, family: `bench.${each.family}` }),
      );
      if ("gaveUp" in value)
        return await judge(each, "thymus", { rule: null, refused: value.gaveUp.why, ...spent });
      const { rule, scope, members, outliers, reach } = value;
      const note = `${members.length} members, ${outliers.length} outliers${reach === "builds" ? ", these builds only" : ""}`;
      return await judge(each, "thymus", { rule, scope, refused: null, note, ...spent });
    }),
  ];
  const peers = context.peers.filter(({ tiers }) => tiers.includes(each.tier));
  for (const peer of peers) {
    const paths = each.samples.map(({ path }) => path);
    const made = await context.peerJournal.once(
      `${each.tier} ${each.name} ${peer.name} ${digestOf(paths)}`,
      () => peer.derive(paths, each.name),
    );
    const name = `${each.tier} ${each.name} ${peer.name}`;
    rows.push(await context.journal.once(name, () => judge(each, peer.name, made)));
  }
  for (const row of rows) context.say(summary(row));
  return rows;
}

interface Made extends Pick<Row, "rule" | "refused" | "cpuSeconds" | "seconds"> {
  readonly scope?: Row["scope"];
  readonly note?: string;
}

async function judge(each: FamilyCase, tool: string, made: Made): Promise<Row> {
  const scope = made.scope ?? null;
  const scorer = made.rule === null ? null : await Scorer.of(made.rule, scope);
  const hits = ({ path }: Program) => scorer?.hits(readFileSync(path), path) ?? false;
  const parts = { train: each.samples, ...each.unseen };
  const found = Object.fromEntries(
    Object.entries(parts).map(([part, list]) => [part, share(list.map(hits))]),
  );
  const wrong = each.others.filter(hits).map(({ name }) => name);
  scorer?.close();
  return {
    ...{ tier: each.tier, name: each.name, tool, samples: each.samples.length, found, wrong, scope },
    ...{ clean: each.others.length, repaired: null, repairedWrong: 0, note: made.note ?? "" },
    ...{ rule: made.rule, refused: made.refused, cpuSeconds: made.cpuSeconds, seconds: made.seconds },
  };
}

/** By what they hold, not by where they lie. */
export function digestOf(paths: readonly string[]): string {
  const digest = createHash("sha256");
  for (const path of paths) digest.update(createHash("sha256").update(readFileSync(path)).digest());
  return digest.digest("hex").slice(0, 16);
}

export function summary(row: Row): string {
  const found = Object.entries(row.found).map(([part, [n, of]]) => `${part} ${n}/${of}`);
  const result = row.refused === null ? found.join(", ") : `refused: ${row.refused}`;
  const wrong =
    row.wrong.length > 0 ? `; WRONG: ${row.wrong.slice(0, 3).join(", ")} (${row.wrong.length})` : "";
  return `${row.tier} ${row.name} [${row.tool}] ${result}${wrong}; ${row.cpuSeconds.toFixed(1)} CPU s`;
}
