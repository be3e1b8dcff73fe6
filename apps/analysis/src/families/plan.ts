/** From which samples of a family a rule may be learned, and which are held back to judge it. Pure. */
import type { Sha256 } from "@thymus/contracts";
import { holdsCore } from "./sketch/kinship.ts";
import type { KinSketch } from "./sketch/sketch.ts";

export interface Candidate {
  readonly sha256: Sha256;
  readonly submitter: string | null;
  readonly sketch: KinSketch;
}

export interface Split {
  readonly learnFrom: readonly Sha256[];
  readonly heldOut: readonly Sha256[];
  /** Of those the ones of which at least one must be found: of submitters from whom nothing was learned, where there are any. */
  readonly judges: readonly Sha256[];
}

/** Samples that are learned from, in all and of one submitter. */
const MOST_LEARNED = 8;
const MOST_OF_ONE = 2;
const MOST_SPLITS = 3;

/**
 * Ways to part a family, to be tried in this order; empty where there is nothing to learn. The new sample is learned from unless
 * others suffice; one sample at least is held back.
 */
export function splits(newest: Candidate, members: readonly Candidate[]): Split[] {
  const all = [newest, ...members];
  if (all.length < 3) return [];
  const sketchesBut = (one: Candidate) => all.filter((each) => each !== one).map(({ sketch }) => sketch);
  const fit = all.filter((each) => holdsCore(each.sketch, sketchesBut(each)));
  if (!fit.includes(newest)) return [];
  const found: Split[] = [];
  // The newest is held out last: what it has that the others lack is why a rule is learned.
  const toHold = [...bySubmitters(fit.filter((each) => each !== newest)), newest];
  for (const held of toHold) {
    if (found.length >= MOST_SPLITS) break;
    const learnFrom = capped(fit.filter((each) => each !== held));
    if (learnFrom.length < 2) continue;
    const heldOut = all.filter((each) => !learnFrom.includes(each));
    const known = new Set(learnFrom.map(({ submitter }) => submitter));
    const foreign = heldOut.filter(({ submitter }) => !known.has(submitter));
    found.push({
      learnFrom: ids(learnFrom),
      heldOut: ids(heldOut),
      judges: ids(foreign.length > 0 ? foreign : heldOut),
    });
  }
  return found;
}

const ids = (list: readonly Candidate[]): Sha256[] => list.map(({ sha256 }) => sha256);

/** Those of submitters who sent no other first: they judge best. */
function bySubmitters(list: readonly Candidate[]): Candidate[] {
  const count = (one: Candidate) => list.filter(({ submitter }) => submitter === one.submitter).length;
  return [...list].sort((a, b) => count(a) - count(b));
}

/** In order, but of one submitter no more than its share; the operator (null) may bring as many as he likes. */
function capped(list: readonly Candidate[]): Candidate[] {
  const taken: Candidate[] = [];
  for (const each of list) {
    if (taken.length >= MOST_LEARNED) break;
    const same = taken.filter(({ submitter }) => submitter === each.submitter).length;
    if (each.submitter === null || same < MOST_OF_ONE) taken.push(each);
  }
  return taken;
}
