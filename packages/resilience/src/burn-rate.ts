/**
 * How fast a window of traffic spends the error budget of an objective: 1 spends it exactly over the objective's whole
 * period, 14.4 spends 2 % of a 30-day budget in one hour. No traffic burns nothing.
 * Source: The Site Reliability Workbook, chapter 5, "Alerting on SLOs".
 * @param bad events of the window that broke the promise
 * @param total all events of the window
 * @param objective the promised share of good events, above 0 and below 1 (e.g. 0.999)
 * @throws RangeError when a count is not a whole number, bad exceeds total, or the objective leaves no budget
 */
export function burnRate(bad: number, total: number, objective: number): number {
  if (!Number.isSafeInteger(total) || total < 0) throw new RangeError(`total is ${total}`);
  if (!Number.isSafeInteger(bad) || bad < 0 || bad > total) throw new RangeError(`bad is ${bad} of ${total}`);
  if (!(objective > 0 && objective < 1)) throw new RangeError(`objective is ${objective}`);
  return total === 0 ? 0 : bad / total / (1 - objective);
}

/**
 * Share of the period's error budget that a steady burn rate spends in a window (1 is all of it).
 * Both durations in the same unit.
 * @throws RangeError when a number is negative or not finite, or the period is zero
 */
export function budgetSpent(rate: number, window: number, period: number): number {
  for (const [name, value] of Object.entries({ rate, window, period }))
    if (!(value >= 0 && Number.isFinite(value))) throw new RangeError(`${name} is ${value}`);
  if (period === 0) throw new RangeError("period is 0");
  return (rate * window) / period;
}
