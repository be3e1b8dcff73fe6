import { type FileType, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { Good } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import type { Tier } from "../run/row.ts";
import { type BenchHost, hosts } from "./hosts.ts";

/** A way to change hosts; whoever wrote it. */
export interface BenchInfection {
  readonly tier: Tier;
  readonly id: string;
  readonly accepts: (file: Good) => boolean;
  readonly keepsBytes: boolean;
  /** A refusal is right: nothing that could be held on to is the same everywhere. */
  readonly refusable: boolean;
  /** `nth` makes every host's variation its own. */
  infect(host: Uint8Array, nth: number): Uint8Array | null;
}

export interface Infected extends BenchHost {
  readonly after: Buffer;
  readonly afterType: FileType;
}

export interface InfectedSets {
  readonly learned: readonly Infected[];
  /** One more infected file, as the one that was sent. */
  readonly sample: Infected;
  /** Hosts that were not learned from, by where they come from. */
  readonly unseen: Readonly<Record<string, readonly Infected[]>>;
  /** Says where hosts are not what their name says. */
  readonly note: string;
}

const LEARNED = 12;
const UNSEEN = 12;

/**
 * Hosts that self knows, to learn from and to try, and hosts of dev, which nobody knows.
 * @throws ThymusError NOT_FOUND where goodware offers too few
 */
export function infectedSets(context: Context, infection: BenchInfection): InfectedSets {
  const inSelf = infected(infection, context.train, LEARNED + UNSEEN + 1, 0);
  // Of some languages self holds next to nothing: then hosts of dev stand in.
  const missing = LEARNED + UNSEEN + 1 - inSelf.length;
  const known = missing === 0 ? inSelf : [...inSelf, ...infected(infection, context.dev, missing, 500)];
  const used = new Set(known.map(({ path }) => path));
  const fresh = context.dev.filter(({ path }) => !used.has(path));
  const sample = known[LEARNED];
  if (sample === undefined) {
    throw new ThymusError("NOT_FOUND", `too few hosts for ${infection.id}`, "fetch all of train and dev");
  }
  return {
    ...{ learned: known.slice(0, LEARNED), sample },
    unseen: {
      "known hosts": known.slice(LEARNED + 1),
      "unknown hosts": infected(infection, fresh, UNSEEN, 1000),
    },
    note: missing > 0 ? `${missing} hosts of dev for want of known ones` : "",
  };
}

function infected(
  infection: BenchInfection,
  files: readonly Good[],
  wanted: number,
  first: number,
): Infected[] {
  const found: Infected[] = [];
  for (const host of hosts(files, infection.accepts)) {
    const after = infection.infect(host.bytes, first + found.length);
    if (after === null || host.bytes.equals(after)) continue;
    const name = host.path.slice(host.path.lastIndexOf("/") + 1);
    found.push({ ...host, after: Buffer.from(after), afterType: identifyFile(after, name) });
    if (found.length === wanted) break;
  }
  return found;
}
