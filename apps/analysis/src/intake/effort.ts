/** How much of the machine one sample gets, by how many wait: everyone gets an answer before anyone gets the best one. */
export interface Effort {
  /** Chambers of one analysis side by side: sooner for one sample, but fewer of them in all. */
  readonly parallel: number;
  /** Other conditions that are tried on a sample which showed nothing. */
  readonly variations: number;
}

/** Contents that wait or run up to which a sample that shows nothing gets all conditions, and up to which it gets one. */
const QUIET = 2;
const BUSY = 12;

/**
 * @param busy contents that wait or run now, this one included
 * @param processors of this machine
 * @param most chambers that one analysis may run at the same time
 */
export function effortFor(busy: number, processors: number, most: number): Effort {
  return {
    parallel: Math.max(1, Math.min(most, Math.floor(processors / Math.max(1, busy)))),
    variations: busy <= QUIET ? 3 : busy <= BUSY ? 1 : 0,
  };
}
