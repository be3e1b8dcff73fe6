/**
 * Upper end of the one-sided 95 % confidence interval for a rate of which `hits` of `of` were seen (Clopper and Pearson 1934).
 * With no hit it is 1 - 0.05^(1/n), about 3/n.
 */
export function upperBound(hits: number, of: number, confidence = 0.95): number {
  if (of === 0 || hits >= of) return 1;
  let [low, high] = [hits / of, 1];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (atMost(hits, of, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/** Lower end of the same for a rate of successes. */
export function lowerBound(found: number, of: number, confidence = 0.95): number {
  return 1 - upperBound(of - found, of, confidence);
}

/** P(X <= k) of the binomial distribution, summed from logarithms. */
function atMost(k: number, n: number, p: number): number {
  let [sum, term] = [0, n * Math.log1p(-p)];
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(term);
    term += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return sum;
}
