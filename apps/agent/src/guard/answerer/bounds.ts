/** When what must have happened, so that nobody waits for longer than the deadline of the configuration. */
export interface Bounds {
  /** Milliseconds after which who waits is answered. */
  readonly answerMs: number;
  /** Milliseconds after which the dead man's timer ends this process. */
  readonly endMs: number;
  /** Milliseconds between the two, and between the timer and the deadline. */
  readonly reserve: number;
}

const LEAST = 25;
const MOST = 100;

/**
 * An eighth of the deadline each is kept for an answer that comes late on a busy machine, and for the end of a process: the kernel frees
 * its memory before it closes its groups.
 */
export function boundsOf(deadlineMs: number): Bounds {
  const reserve = Math.min(MOST, Math.max(LEAST, deadlineMs / 8));
  return { answerMs: deadlineMs - 2 * reserve, endMs: deadlineMs - reserve, reserve };
}

/**
 * Time of the clock at which this process has to be ended unless it turns once more.
 * @param due when somebody who waits is to be answered; infinite where nobody does
 */
export function endOf({ endMs, reserve }: Bounds, now: number, due: number): number {
  return Math.min(now + endMs, due + reserve);
}
