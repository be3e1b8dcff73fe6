const FOLDS = 3;
/** So few pairs are held out one by one: what is left of them must still show a rule. */
const FEW_PAIRS = 16;
/** Part of the held-out pairs that must come back; a recipe that fits only what it was made from is a guess. */
const HELD_OUT_SHARE = 0.66;

/** Parts of the pairs, each with all others: what is inferred from the rest is tried on what was held out. */
export function foldsOf<T>(pairs: readonly T[]): { held: T[]; rest: T[] }[] {
  const folds = pairs.length <= FEW_PAIRS ? pairs.length : FOLDS;
  return Array.from({ length: folds }, (_, fold) => ({
    held: pairs.filter((_pair, i) => i % folds === fold),
    rest: pairs.filter((_pair, i) => i % folds !== fold),
  }));
}

/** Whether enough of so many pairs came back while they were held out; a negative number says that one came back wrongly. */
export function provesEnough(heldOut: number, pairs: number): boolean {
  return heldOut >= Math.max(1, pairs * HELD_OUT_SHARE);
}
