import { readOwnRule, type Wanted } from "./own-form.ts";
import { type Run, runsOfString } from "./string-runs.ts";

/** Shorter runs stand in more files. */
const LONG = 24;

/**
 * A few runs of bytes one of which at least stands in every file that a rule matches, or null where that cannot be told. Reads rules
 * of the form that this project writes, to the last character; of any other nothing is told.
 */
export function gateOf(source: string): Run[] | null {
  const wanted = readOwnRule(source);
  return wanted === null ? null : gate(wanted);
}

function gate(wanted: Wanted): Run[] | null {
  if (wanted.k === "other") return null;
  if (wanted.k === "of") return ofStrings(wanted.strings, wanted.needed);
  const each = wanted.all.map(gate);
  const told = each.filter((runs) => runs !== null);
  if (wanted.k === "or") return told.length < each.length ? null : told.flat();
  return told.sort((a, b) => burden(a) - burden(b))[0] ?? null;
}

/** Of n strings of which k must be there, any n - k + 1. */
function ofStrings(strings: readonly string[], needed: number): Run[] | null {
  if (needed > strings.length) return null;
  const wanted = strings.length - needed + 1;
  const told = strings.map(runsOfString).filter((runs) => runs !== null);
  if (told.length < wanted) return null;
  return told
    .sort((a, b) => shortest(b) - shortest(a))
    .slice(0, wanted)
    .flat();
}

const shortest = (runs: readonly Run[]) => Math.min(...runs.map(({ bytes }) => bytes.length));
const burden = (runs: readonly Run[]) => runs.length + 100 * Math.max(0, LONG - shortest(runs));
