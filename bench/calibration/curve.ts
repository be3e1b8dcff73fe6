/** A run, how improbable it is in goodware, and where it recurs. */
export interface Judged {
  readonly kind: "code" | "text";
  readonly logProbability: number;
  /** Stands in no file of self, which is the train part of goodware. */
  readonly absent: boolean;
  /** Stands in a program of another source package of the dev part: as a rule of one string it would be a false positive. */
  readonly recurs: boolean;
}

export interface Point {
  /** Runs with ln p at most this are taken. */
  readonly threshold: number;
  readonly taken: number;
  readonly wrong: number;
}

export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
}

const HIGHEST = -20;
const LOWEST = -160;
const STEP = 10;
/** The threshold of Kephart and Arnold (1994). */
export const KEPHART_ARNOLD = -68;

/** False positives of single strings over the threshold of improbability, by statistics alone and where self is asked too. */
export function curvesOf(judged: readonly Judged[]): Curve[] {
  return (["code", "text"] as const).flatMap((kind) =>
    [false, true].map((asked) => {
      const runs = judged.filter((each) => each.kind === kind && (!asked || each.absent));
      return { name: `${kind}, ${asked ? "absent from self" : "statistics alone"}`, points: pointsOf(runs) };
    }),
  );
}

function pointsOf(runs: readonly Judged[]): Point[] {
  const thresholds = [KEPHART_ARNOLD];
  for (let at = HIGHEST; at >= LOWEST; at -= STEP) thresholds.push(at);
  return thresholds
    .sort((a, b) => b - a)
    .map((threshold) => {
      const taken = runs.filter(({ logProbability }) => logProbability <= threshold);
      return { threshold, taken: taken.length, wrong: taken.filter(({ recurs }) => recurs).length };
    })
    .filter(({ taken }) => taken > 0);
}
