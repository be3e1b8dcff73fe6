import type { FileType, Repair, ScriptPattern } from "@thymus/contracts";
import type { Language } from "@thymus/repair";
import type { InfectedPair } from "../../infection/analysis.ts";
import { view } from "../../infection/bytes.ts";
import { runsFor } from "../anchor.ts";
import { foldsOf, provesEnough } from "../folds.ts";
import { outcome } from "../outcome.ts";
import { bodiesOf } from "./bodies.ts";
import { linesRecipe } from "./lines.ts";
import { type Common, commonPattern } from "./pattern.ts";

export interface ScriptRecipe {
  readonly recipe: Repair;
  readonly heldOut: number;
  /** Files in which these statements were added, too, but whose borders are in doubt. */
  readonly doubtful: readonly InfectedPair[];
}

const languages: readonly FileType[] = ["shell", "python", "node", "perl", "php"];
const MIN_ANCHOR = 6;
const MAX_ANCHORS = 4;

/**
 * Recipes for scripts to which the same statements were added in other words: each must give back most of the files that it was
 * made from and, made without them, those that were held out, and none of `all` wrongly.
 */
export function inferScripts(
  pairs: readonly InfectedPair[],
  all: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
): ScriptRecipe[] {
  const found: ScriptRecipe[] = [];
  for (const language of languages) {
    let open = pairs.filter(
      ({ afterType, specimen }) => afterType === language && specimen.type === language,
    );
    for (const start of ["line", "break"] as const) {
      for (const some of open.length < 2 ? [] : choicesOf(open, start)) {
        const recipe = solve(some, all, preferred, language as Language, start);
        if (recipe === null) continue;
        const left = open.filter((pair) => outcome(recipe.recipe, pair) !== "right");
        if (left.length === open.length) continue;
        found.push(recipe);
        open = left;
      }
    }
    const scattered = scatteredLines(open, all, language);
    if (scattered !== null) found.push(scattered);
  }
  return found;
}

/** Lines of which each stands in every file, whatever is between them. */
function scatteredLines(
  pairs: readonly InfectedPair[],
  all: readonly InfectedPair[],
  type: FileType,
): ScriptRecipe | null {
  const recipe = linesRecipe(pairs, [type]);
  if (recipe === null || all.some((pair) => outcome(recipe, pair) === "wrong")) return null;
  let heldOut = 0;
  for (const pair of pairs) {
    const rest = linesRecipe(
      pairs.filter((other) => other !== pair),
      [type],
    );
    const found = rest === null ? "refused" : outcome(rest, pair);
    if (found === "wrong") return null;
    if (found === "right") heldOut++;
  }
  return provesEnough(heldOut, pairs.length) ? { recipe, heldOut, doubtful: [] } : null;
}

interface Choice {
  readonly pairs: readonly InfectedPair[];
  /** Whether what stands before the body is part of the pattern. */
  readonly context: boolean;
}

const CONTEXT = 7;
/** What fewer hosts have there is theirs by chance and tells nothing. */
const CONTEXT_SHARE = 0.5;

/** All together; then those that have the same before the body, the most first. */
function choicesOf(pairs: readonly InfectedPair[], start: ScriptPattern["start"]): Choice[] {
  const bodies = bodiesOf(pairs, start);
  const groups = Map.groupBy(bodies, ({ behind }) => view(behind.subarray(-CONTEXT)).toString("latin1"));
  const alike = [...groups.values()].filter(
    (group) => group.length >= Math.max(2, pairs.length * CONTEXT_SHARE) && group[0]!.behind.length > 0,
  );
  return [
    { pairs, context: false },
    ...alike.map((group) => ({ pairs: group.map(({ pair }) => pair), context: true })),
  ];
}

function solve(
  choice: Choice,
  all: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
  language: Language,
  start: ScriptPattern["start"],
): ScriptRecipe | null {
  const common = commonPattern(bodiesOf(choice.pairs, start), language, start, choice.context);
  if (common === null) return null;
  const pairs = common.bodies.map(({ pair }) => pair);
  for (const anchor of anchorsOf(common, preferred)) {
    const recipe = recipeOf(common, anchor, language);
    const right = pairs.filter((pair) => outcome(recipe, pair) === "right");
    if (right.length < 2 || all.some((pair) => outcome(recipe, pair) === "wrong")) continue;
    const heldOut = crossValidate(pairs, anchor, { language, start, context: choice.context });
    if (provesEnough(heldOut, right.length))
      return { recipe, heldOut, doubtful: pairs.filter((pair) => !right.includes(pair)) };
  }
  return null;
}

interface Shape {
  readonly language: Language;
  readonly start: ScriptPattern["start"];
  readonly context: boolean;
}

/** Files that come back by a recipe made without them; -1 where one came back wrongly. */
function crossValidate(pairs: readonly InfectedPair[], anchor: Uint8Array, shape: Shape): number {
  let right = 0;
  for (const { held, rest } of foldsOf(pairs)) {
    const common = commonPattern(bodiesOf(rest, shape.start), shape.language, shape.start, shape.context);
    if (common === null) continue;
    const recipe = recipeOf(common, anchor, shape.language);
    const outcomes = held.map((pair) => outcome(recipe, pair));
    if (outcomes.includes("wrong")) return -1;
    right += outcomes.filter((each) => each === "right").length;
  }
  return right;
}

/** Constant runs, else words of the pattern: short ones do, since every word around them is compared. */
function anchorsOf({ pattern, bodies }: Common, preferred: readonly Uint8Array[]): Uint8Array[] {
  const pairs = bodies.map(({ pair }) => pair);
  const words = pattern.statements
    .flat()
    .flatMap((word) => ("is" in word ? [word.is] : "text" in word ? [word.text ?? ""] : []))
    .filter((text) => text.length >= MIN_ANCHOR)
    .map((text) => Buffer.from(text, "latin1"))
    .sort((a, b) => b.length - a.length)
    .filter((word) =>
      pairs.every(({ specimen }) => {
        const after = view(specimen.after);
        const at = after.indexOf(word);
        return at >= 0 && after.indexOf(word, at + 1) < 0 && !view(specimen.before).includes(word);
      }),
    );
  return [...words.slice(0, 2), ...runsFor(pairs, preferred)].slice(0, MAX_ANCHORS);
}

function recipeOf({ pattern }: Common, anchor: Uint8Array, language: Language): Repair {
  return {
    identify: { types: [language], anchor: view(anchor).toString("hex"), minSize: anchor.length, checks: [] },
    steps: [{ op: "strip", script: pattern }],
    // A file of nothing but the body is the program that spreads it.
    expect: { types: [language], minSize: 1 },
  };
}
