import { hexRuns } from "@thymus/detection";
import type { ClauseString } from "./clause.ts";
import type { Self } from "./self.ts";

/** Shorter runs say nothing in an index of what stands in goodware. */
export const MIN_INDEXED = 12;
/** From this length on a run that the index does not call absent is in self, but for one in 25. */
const SURE_INDEXED = 20;
/** Forms of one run that are asked for; where it has more it is cut in two. */
const MAX_FORMS = 64;

/** Runs of bytes: wherever a string matches, one of the forms of each run stands. */
export type Runs = readonly (readonly Uint8Array[])[];

/** Whether this string certainly stands in no file of self, told without a scan. */
export function provenAbsent({ bytes, runs }: Pick<ClauseString, "bytes" | "runs">, self: Self): boolean {
  if (self.absent === undefined) return false;
  const all: Runs = bytes === undefined ? (runs ?? []) : [[bytes]];
  return all.some(
    (forms) => forms.length > 0 && forms.every((form) => form.length >= MIN_INDEXED && self.absent!(form)),
  );
}

/** Whether an index that does not call these bytes absent has good reason: then a scan would find them. */
export function mostLikelyThere(bytes: Uint8Array | null, self: Self): boolean {
  return bytes !== null && bytes.length >= SURE_INDEXED && self.absent?.(bytes) === false;
}

/** The runs of a hex string as YARA writes it: bytes, `??`, jumps and alternatives of bytes; none where it holds anything else. */
export function runsOfHex(text: string): Uint8Array[][] {
  return (hexRuns(text, MAX_FORMS) ?? [])
    .filter((forms) => forms.every((form) => form.length >= 2 * MIN_INDEXED))
    .map((forms) => forms.map((form) => new Uint8Array(Buffer.from(form, "hex"))));
}
