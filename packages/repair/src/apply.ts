import { asThymusError, type FileType, type Repair } from "@thymus/contracts";
import { applyEdits, planEdits } from "./edits.ts";
import { elfFault, isElf } from "./elf.ts";
import { evaluateNumber, evaluatePlace, evaluatePosition, type Subject } from "./evaluate.ts";
import { findAnchor, findPattern, matchesAt, parsePattern } from "./pattern.ts";
import { failed, refuse } from "./refuse.ts";
import { withDecoded } from "./source.ts";
import { unshift } from "./unshift.ts";
import { matchesInView, viewOf } from "./view.ts";

/** Tells the type of a file by its content; the interpreter knows ELF only. */
export type TypeOf = (bytes: Uint8Array) => FileType;

/**
 * Checks that the recipe fits this file exactly.
 * @throws ThymusError REPAIR_REFUSED
 */
export function identify(recipe: Repair, infected: Uint8Array, type: FileType): Subject {
  const { types, anchor, minSize, checks } = recipe.identify;
  if (!types.includes(type)) throw refuse(`the recipe is for ${types.join(", ")}, the file is ${type}`);
  if (infected.length < minSize) throw refuse("the file is smaller than any infected one");
  const found = findAnchor(anchor, viewOf(recipe.identify.view, infected));
  const bytes = recipe.unshift === undefined ? infected : unshifted(recipe.unshift, infected, found);
  const subject = withDecoded(recipe, { bytes, anchor: found });
  for (const check of checks) {
    const place = evaluatePlace(check.at, subject);
    const pattern = parsePattern(check.bytes);
    const fits =
      check.view === undefined
        ? matchesAt(pattern, place.bytes, place.at)
        : matchesInView(pattern, check.view, place.bytes, place.at);
    if (!fits) throw refuse("the file is infected in another way than the recipe knows");
  }
  return subject;
}

function unshifted({ from, by }: NonNullable<Repair["unshift"]>, infected: Uint8Array, anchor: number) {
  const subject = { bytes: infected, anchor };
  return unshift(infected, evaluatePosition(from, subject), evaluateNumber(by, subject));
}

/** Whether the infection's mark stands in these bytes, once or more. */
export function hasAnchor({ identify: { anchor, view } }: Repair, bytes: Uint8Array): boolean {
  return findPattern(parsePattern(anchor), viewOf(view, bytes)) >= 0;
}

/**
 * Undoes an infection in memory. Pure: `infected` stays as it is.
 * `typeOf`, where given, checks that the result is of a type that the recipe promises.
 * @throws ThymusError REPAIR_REFUSED (the recipe does not fit) or REPAIR_FAILED (the result is not what it promises)
 */
export function applyRepair(
  recipe: Repair,
  infected: Uint8Array,
  type: FileType,
  typeOf?: TypeOf,
): Uint8Array {
  const subject = identify(recipe, infected, type);
  const repaired = applyEdits(planEdits(recipe.steps, subject), subject.bytes);
  const { types, minSize } = recipe.expect;
  if (repaired.length < minSize) throw failed("the result is smaller than any clean file");
  if (hasAnchor(recipe, repaired)) {
    throw failed("the infection is still in the result");
  }
  if (isElf(repaired)) {
    const fault = elfFault(repaired);
    if (fault !== null) throw failed(`the result is no sound program: ${fault}`);
  }
  const narrow: Partial<Record<FileType, number>> = { elf32: 1, elf64: 2 };
  const elfOnly = types.every((each) => narrow[each] !== undefined);
  if (elfOnly && !(isElf(repaired) && types.some((each) => narrow[each] === repaired[4]))) {
    throw failed("the result is no ELF file");
  }
  if (typeOf !== undefined && !types.includes(typeOf(repaired))) {
    throw failed(`the result is ${typeOf(repaired)}, expected ${types.join(" or ")}`);
  }
  return repaired;
}

export type Outcome<R> = { recipe: R; repaired: Uint8Array } | { refused: string };

/**
 * Tries each recipe. Exactly one result must come out: recipes that fit and agree byte for byte count as one, recipes that
 * contradict each other are a refusal.
 */
export function agreeOn<R>(recipes: readonly R[], apply: (recipe: R) => Uint8Array): Outcome<R> {
  let found: { recipe: R; repaired: Uint8Array } | null = null;
  let why = "the prescription has no repair recipe";
  for (const recipe of recipes) {
    try {
      const repaired = apply(recipe);
      if (found !== null && Buffer.compare(found.repaired, repaired) !== 0) {
        return { refused: "two recipes fit this file and contradict each other" };
      }
      found ??= { recipe, repaired };
    } catch (thrown) {
      const error = asThymusError(thrown);
      if (error.code !== "REPAIR_REFUSED" && error.code !== "REPAIR_FAILED") throw error;
      why = error.message;
    }
  }
  return found ?? { refused: why };
}
