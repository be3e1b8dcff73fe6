/** Two-sided 95 % confidence in standard deviations of the normal distribution. */
export const Z_95 = 1.959963984540054;

/**
 * Lower bound of the Wilson score interval: the success rate (0 to 1) that `successes` of `trials` let us claim.
 * Unlike the plain rate it is honest about few trials: 3 of 3 gives 0.44, 30 of 30 gives 0.89.
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
 * @throws RangeError when the counts are not whole numbers with 0 <= successes <= trials, or z is not positive
 */
export function wilsonLowerBound(successes: number, trials: number, z: number = Z_95): number {
  if (!Number.isSafeInteger(trials) || trials < 0) throw new RangeError(`trials is ${trials}`);
  if (!Number.isSafeInteger(successes) || successes < 0 || successes > trials)
    throw new RangeError(`successes is ${successes} of ${trials}`);
  if (!(z > 0 && Number.isFinite(z))) throw new RangeError(`z is ${z}`);
  if (trials === 0) return 0;
  const rate = successes / trials;
  const z2 = z * z;
  const centre = rate + z2 / (2 * trials);
  const margin = z * Math.sqrt((rate * (1 - rate) + z2 / (4 * trials)) / trials);
  return Math.max(0, (centre - margin) / (1 + z2 / trials));
}
