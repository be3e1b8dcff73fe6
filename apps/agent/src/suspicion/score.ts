/** Combined weight of independent reasons: 1 - product(1 - w). In 0 to 1, never below the strongest, order is no matter. */
export function combine(weights: readonly number[]): number {
  const doubt = [...weights]
    .sort((a, b) => a - b)
    .reduce((product, weight) => product * (1 - Math.min(1, Math.max(0, weight))), 1);
  return Math.min(1, Math.max(0, 1 - doubt));
}
