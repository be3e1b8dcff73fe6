import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { benchData, fetchBuilds, goodware } from "../corpora/parts.ts";
import { openSelf } from "../corpora/self.ts";
import { tierA } from "../tiers/a.ts";
import { tierB, tierD, tierG } from "../tiers/b.ts";
import { tierC } from "../tiers/c.ts";
import { changedByOwners } from "../tiers/changed.ts";
import { tierE } from "../tiers/e.ts";
import { tierF } from "../tiers/f.ts";
import type { Context, Peer } from "./context.ts";
import { Journal } from "./journal.ts";
import type { Row, Tier } from "./row.ts";

export interface RunOptions {
  readonly tiers: readonly Tier[];
  /** Name of the run: what it has done already is not done again. The commit unless told. */
  readonly name: string;
  readonly peers: readonly Peer[];
  readonly say: (line: string) => void;
}

type TierRun = (context: Context) => Promise<Row[]>;
export const tiers: Partial<Record<Tier, TierRun>> = {
  A: tierA,
  B: tierB,
  C: tierC,
  D: tierD,
  E: tierE,
  F: tierF,
  G: tierG,
};

export async function openContext(options: RunOptions): Promise<Context> {
  const { say, peers } = options;
  const data = benchData();
  const { builds, missing } = await fetchBuilds(say);
  if (missing.length > 0) say(`${missing.length} builds of the recipe are gone from the mirror`);
  const dev = await goodware("dev");
  return {
    ...{ data, builds, say, peers, self: await openSelf() },
    ...{ train: await goodware("train"), dev, changed: changedByOwners(dev) },
    journal: new Journal(join(data, "runs", options.name)),
    peerJournal: new Journal(join(data, "runs", "peers")),
  };
}

/** The commit that is measured; with a mark where files differ from it. */
export function commitName(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return git("rev-parse", "--short=10", "HEAD") + (changed ? "-changed" : "");
  } catch {
    return "unknown";
  }
}
