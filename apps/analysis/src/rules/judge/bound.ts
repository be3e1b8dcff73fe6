/** Bounds of a share, exact for any number of hits. */

/**
 * One-sided upper bound of a share after `hits` of `trials` (Clopper and Pearson 1934): the largest share at which so few
 * hits still have a chance of 1 - confidence. Without hits this is the rule of three, 1 - 0.05^(1/n).
 */
export function upperBound(hits: number, trials: number, confidence = 0.95): number {
  if (trials === 0 || hits >= trials) return 1;
  if (hits === 0) return -Math.expm1(Math.log(1 - confidence) / trials);
  let low = hits / trials;
  let high = 1;
  for (let round = 0; round < 100; round++) {
    const middle = (low + high) / 2;
    if (atMost(hits, trials, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/** Chance of at most `hits` of `trials` at a share, summed from the largest term down in logarithms. */
function atMost(hits: number, trials: number, share: number): number {
  if (share >= 1) return 0;
  const ratio = Math.log(share) - Math.log1p(-share);
  let term = trials * Math.log1p(-share);
  let most = term;
  const terms = [term];
  for (let k = 1; k <= hits; k++) {
    term += Math.log(trials - k + 1) - Math.log(k) + ratio;
    terms.push(term);
    most = Math.max(most, term);
  }
  return Math.exp(most) * terms.reduce((sum, each) => sum + Math.exp(each - most), 0);
}
