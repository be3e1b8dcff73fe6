import { typeFamily } from "../../infection/specimen.ts";
import { STRONG } from "../candidates.ts";
import type { Clause, ClauseString } from "../clause.ts";
import type { Form, FormInput } from "../forms/form.ts";
import { words } from "./lexer.ts";
import { piecesOf, styleOf } from "./pieces.ts";
import { commonRuns, symbolsOf } from "./symbols.ts";

/** Of pieces none of which tells enough by itself: how unlikely they must be together, and how many there may be. */
const TOGETHER = -80;
const MAX_PIECES = 7;
const MIN_PIECES = 2;
/** A piece that says less than this is no help. */
const WORTH = -10;
const MAX_BYTES = 1 << 16;

/** Scripts that are renamed, re-minified, commented anew or whose texts are split: what their words still share. */
export const scriptForm: Form = {
  name: "script",
  propose({ pairs, bodies, self }: FormInput): Clause[] {
    if (pairs.some(({ specimen }) => typeFamily(specimen.type) !== "script")) return [];
    const type = pairs[0]!.afterType;
    const read = bodies.map((parts) =>
      words(Buffer.concat(parts).subarray(0, MAX_BYTES).toString("latin1"), type),
    );
    const symbols = symbolsOf(read);
    const found = new Map<string, ClauseString>();
    const runs = commonRuns(symbols);
    const style = styleOf(runs, symbols);
    for (const run of runs) {
      for (const piece of piecesOf(run, symbols, style, self)) {
        if (piece.logProbability <= WORTH) found.set(piece.text, piece);
      }
    }
    return clausesOf([...found.values()]);
  },
};

/** Two of three strong pieces, or as many weak ones as are unlikely together, all of which must be there. */
function clausesOf(pieces: readonly ClauseString[]): Clause[] {
  const ordered = [...pieces].sort((a, b) => worth(a) - worth(b));
  const clauses: Clause[] = [];
  const strong = ordered.filter(({ logProbability }) => logProbability <= STRONG);
  for (let at = 0; at < strong.length && clauses.length < 2; at += 3)
    clauses.push(together(strong.slice(at, at + 3), true));
  for (let from = 0; from < ordered.length && clauses.length < 5; from += 2) {
    const some: ClauseString[] = [];
    let sum = 0;
    for (const piece of ordered.slice(from)) {
      if (some.length >= MAX_PIECES || (sum <= TOGETHER && some.length >= MIN_PIECES)) break;
      some.push(piece);
      sum += piece.logProbability;
    }
    if (sum <= TOGETHER && some.length >= MIN_PIECES) clauses.push(together(some, false));
  }
  return clauses;
}

/** Nats, less what a long or costly string takes. */
const worth = ({ logProbability, text, bytes }: ClauseString) =>
  logProbability + text.length * 0.1 + (bytes === undefined ? 8 : 0);

function together(strings: readonly ClauseString[], strong: boolean): Clause {
  const needed = strong && strings.length > 1 ? Math.max(1, Math.ceil(strings.length * 0.6)) : strings.length;
  const ordered = strings.map(({ logProbability }) => logProbability).sort((a, b) => b - a);
  const logProbability = ordered.slice(0, needed).reduce((sum, each) => sum + each, 0);
  return { form: "script", strings, needed, condition: null, logProbability };
}
