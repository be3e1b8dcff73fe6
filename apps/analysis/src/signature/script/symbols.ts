import type { Gap, Word } from "./lexer.ts";

/** A word as it counts: what all bodies have keeps its value, what a renamer or an encoder changes only its kind. */
export interface Symbols {
  readonly words: readonly Word[];
  readonly keys: readonly string[];
  readonly constant: readonly boolean[];
}

/** A run of symbols that every body holds; `places` is where it begins in each. */
export interface Run {
  readonly length: number;
  readonly places: readonly number[];
}

const keyOf = ({ kind, value }: Word) => `${kind[0]}:${value}`;
/** Names this short are equal by chance. */
const MIN_NAME = 2;

/** Symbols of each body: words that all bodies have are constant. */
export function symbolsOf(bodies: readonly (readonly Word[])[]): Symbols[] {
  const sets = bodies.map((words) => new Set(words.map(keyOf)));
  const common = new Set([...(sets[0] ?? [])].filter((key) => sets.every((set) => set.has(key))));
  return bodies.map((words) => {
    const constant = words.map(
      (word) => common.has(keyOf(word)) && (word.kind !== "name" || word.value.length >= MIN_NAME),
    );
    const keys = words.map((word, i) => (constant[i] ? keyOf(word) : word.kind[0]!));
    return { words, keys, constant };
  });
}

const MAX_RUN = 40;

interface Keyed {
  readonly keys: readonly string[];
}

/** The longest runs of symbols that all bodies hold, in whatever order; no two overlap. */
export function commonRuns(bodies: readonly Keyed[], most = MAX_RUN): Run[] {
  const [first, ...others] = bodies;
  if (first === undefined) return [];
  const indexes = others.map(({ keys }) => Map.groupBy(keys.keys(), (i) => keys[i]!));
  const runs: Run[] = [];
  let covered = 0;
  for (let start = 0; start < first.keys.length; start++) {
    let places = indexes.map((index) => index.get(first.keys[start]!) ?? []);
    let length = 0;
    let kept: number[] | null = null;
    while (places.every((list) => list.length > 0)) {
      length++;
      kept = places.map((list) => list[0]!);
      const key = first.keys[start + length];
      if (key === undefined || length >= most) break;
      places = places.map((list, n) => list.filter((at) => others[n]!.keys[at + length] === key));
    }
    const end = start + length;
    if (kept === null || end <= covered) continue;
    // What an earlier run holds already is left out.
    const known = Math.max(0, covered - start);
    covered = end;
    if (length > known) {
      runs.push({ length: length - known, places: [start, ...kept].map((place) => place + known) });
    }
  }
  return runs;
}

const ORDER: readonly Gap[] = ["none", "blank", "end", "comment"];

/** The widest gap that any body has before this word of the run; `loose` where blanks may come at any place. */
export function widestGap(run: Run, i: number, bodies: readonly Symbols[], loose: boolean): Gap {
  return bodies.reduce<Gap>(
    (widest, body, n) => {
      const gap = body.words[run.places[n]! + i]!.before;
      return ORDER.indexOf(gap) > ORDER.indexOf(widest) ? gap : widest;
    },
    loose ? "blank" : "none",
  );
}
