import { inertInfections } from "../../../apps/analysis/src/infection/testing/inert/index.ts";
import { random } from "../../../apps/analysis/src/infection/testing/random.ts";
import { blindInfections } from "../blind/index.ts";
import { seeded } from "../blind/random.ts";
import type { Good } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import type { Row } from "../run/row.ts";
import type { BenchInfection } from "./infect.ts";
import { infectionRow } from "./infection.ts";
import { peerRows } from "./infection-peers.ts";

/** Bits of a number from a text, so that every host of every infection has its own variation. */
function seed(text: string): number {
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  return state >>> 0;
}

/** Peers are measured on every so many infections: each takes them seconds. */
const PEER_STEP = 6;

/** Tier B: inert insertions into programs, by their own list. */
export const tierB = (context: Context): Promise<Row[]> => all(context, ours("elf", "B"));

/** Tier D: scripts, renamed, re-minified, split, encoded. */
export const tierD = (context: Context): Promise<Row[]> => all(context, ours("script", "D"));

/** Tier G: the same by an author who did not read the extractor: programs, scripts and JSON. */
export const tierG = (context: Context): Promise<Row[]> => all(context, blind());

async function all(context: Context, infections: readonly BenchInfection[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [i, infection] of infections.entries()) {
    rows.push(await infectionRow(context, infection));
    if (i % PEER_STEP === 0) rows.push(...(await peerRows(context, infection)));
  }
  return rows;
}

function ours(family: "elf" | "script", tier: "B" | "D"): BenchInfection[] {
  return inertInfections
    .filter((each) => each.family === family)
    .map((each) => ({
      ...{ tier, id: each.id, keepsBytes: each.keepsBytes, refusable: each.refusable },
      accepts: ({ type, architecture }: Good) => each.types.includes(type) && architecture !== "arm64",
      infect: (host: Uint8Array, nth: number) => each.infect(host, random(seed(`${each.id} ${nth}`))),
    }));
}

function blind(): BenchInfection[] {
  return blindInfections.map((each) => ({
    ...{ tier: "G" as const, id: each.id, keepsBytes: each.keepsBytes, refusable: each.constant === "none" },
    accepts: (file: Good) => {
      if (each.hosts === "elf") return file.type === "elf64" && file.architecture !== "arm64";
      if (each.hosts === "json") return file.path.endsWith(".json");
      return file.type === each.scriptKind;
    },
    infect: (host: Uint8Array, nth: number) => each.infect(host, seeded(`${each.id} ${nth}`)),
  }));
}
