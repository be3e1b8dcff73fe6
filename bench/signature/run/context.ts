import type { Corpus } from "../../../apps/analysis/src/self/index.ts";
import type { Build, Good } from "../corpora/parts.ts";
import type { Journal } from "./journal.ts";
import type { Tier } from "./row.ts";

/** A tool that makes rules from samples, run beside ours with the same inputs. */
export interface Peer {
  readonly name: string;
  /** Tiers that it is measured in: one that takes long for each input is measured in few. */
  readonly tiers: readonly Tier[];
  /** Rules from files on disk, or why there are none. */
  derive(
    samples: readonly string[],
    name: string,
  ): Promise<{ rule: string | null; refused: string | null; cpuSeconds: number; seconds: number }>;
}

/** What every tier needs. */
export interface Context {
  readonly data: string;
  readonly self: Corpus;
  readonly builds: readonly Build[];
  readonly train: readonly Good[];
  readonly dev: readonly Good[];
  /** Clean files as their owners changed them: they are no infections. */
  readonly changed: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly journal: Journal;
  /** What peers made: it does not depend on our commit. */
  readonly peerJournal: Journal;
  readonly peers: readonly Peer[];
  readonly say: (line: string) => void;
}
