import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context, Peer } from "../run/context.ts";
import type { Row } from "../run/row.ts";
import { Scorer } from "../run/score.ts";
import { digestOf } from "./families.ts";
import { type BenchInfection, infectedSets } from "./infect.ts";
import { cleanOf, describe, foundOf } from "./infection.ts";

/** What peers make of the same infected files. They have no way to be told of the clean ones. */
export async function peerRows(context: Context, infection: BenchInfection): Promise<Row[]> {
  const rows: Row[] = [];
  for (const peer of context.peers.filter(({ tiers }) => tiers.includes(infection.tier))) {
    const name = `${infection.tier} ${infection.id} ${peer.name}`;
    const row = await context.journal.once(name, () => measure(context, infection, peer));
    context.say(`${name} ${describe(row)}`);
    rows.push(row);
  }
  return rows;
}

async function measure(context: Context, infection: BenchInfection, peer: Peer): Promise<Row> {
  const { learned, unseen, note } = infectedSets(context, infection);
  const folder = mkdtempSync(join(tmpdir(), "thymus-bench-infected-"));
  try {
    const paths = learned.map(({ after }, i) => {
      const path = join(folder, `${i}`);
      writeFileSync(path, after);
      return path;
    });
    const key = `${infection.tier} ${infection.id} ${peer.name} ${digestOf(paths)}`;
    const made = await context.peerJournal.once(key, () => peer.derive(paths, infection.id));
    const scorer = made.rule === null ? null : await Scorer.of(made.rule, null);
    const hits = (bytes: Uint8Array, name: string) => scorer?.hits(bytes, name) ?? false;
    const clean = [...cleanOf([...learned, ...Object.values(unseen).flat()]), ...context.changed];
    const found = foundOf({ learned, ...unseen }, hits);
    const wrong = clean.filter(({ bytes, name }) => hits(bytes, name)).map(({ name }) => name);
    scorer?.close();
    return {
      ...{ tier: infection.tier, name: infection.id, tool: peer.name, samples: learned.length, scope: null },
      ...{ ...made, found, wrong, clean: clean.length, repaired: null, repairedWrong: 0, note },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
