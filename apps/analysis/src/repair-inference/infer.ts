import type { FileType, Repair } from "@thymus/contracts";
import { repairWith } from "@thymus/repair";
import type { InfectedPair, InfectionAnalysis } from "../infection/analysis.ts";
import { equalBytes } from "../infection/bytes.ts";
import { hunkKind } from "../infection/hunk.ts";
import { pairInfections } from "../infection/pair-infections.ts";
import { newMemory, type SearchMemory } from "../infection/saved.ts";
import type { Specimen } from "../infection/specimen.ts";
import { type Anchor, anchorsFor } from "./anchor.ts";
import { foldsOf, provesEnough } from "./folds.ts";
import { outcome } from "./outcome.ts";
import { inferRecipe } from "./recipe.ts";
import { inferScripts } from "./script/infer.ts";
import { alikeSeeds } from "./seeds.ts";
import { unshiftedSpecimens, withUnshift } from "./unshifted.ts";

export interface RepairInference {
  readonly recipes: Repair[];
  /** Infected decoys that the recipes gave back byte for byte, of `pairs`. */
  readonly checked: number;
  readonly pairs: number;
  /** Decoys that a recipe gave back which was inferred without them. */
  readonly heldOut: number;
  /** In plain words why some (or all) infected files cannot be repaired; null where all can. */
  readonly why: string | null;
}

const MAX_RECIPES = 16;
const SEED_SIZE = 4;
const MAX_SEEDS = 8;
const MAX_ANCHORS_TRIED = 6;
/** Bytes of infected files that may be searched, over all attempts of one cluster; large files that fit no rule end sooner. */
const MAX_SEARCHED = 1 << 26;

/**
 * Recipes that undo the infection, one for each kind of change. Each is inferred from one cluster of pairs, must give back
 * byte for byte every pair that it fits (of all clusters), and most pairs that were held out while it was inferred, none wrongly.
 * `preferred` are byte runs to hold on to first (the signature's strings).
 */
export function inferRepairs(
  analysis: InfectionAnalysis,
  _specimens: readonly Specimen[] = [],
  preferred: readonly Uint8Array[] = [],
): RepairInference {
  const plain = inferPlain(analysis, preferred);
  if (plain.why === null) return plain;
  return inferMoved(analysis, preferred, plain.checked + 1) ?? plain;
}

/** As for files whose tables were corrected for what was put in, once these corrections are taken back. */
function inferMoved(
  analysis: InfectionAnalysis,
  preferred: readonly Uint8Array[],
  atLeast: number,
): RepairInference | null {
  const all = analysis.groups.flatMap((group) => group.pairs);
  const { recipes, why } = movedRecipes(all, preferred);
  const checked = all.filter((pair) => givenBack(recipes, pair) === "right").length;
  if (checked < atLeast) return null;
  // The correction is part of the recipe, so that the whole of it is proved on files that it was not made from.
  let heldOut = 0;
  for (const { held, rest } of foldsOf(all)) {
    const made = movedRecipes(rest, preferred);
    const outcomes = held.map((pair) => givenBack(made.recipes, pair));
    if (outcomes.includes("wrong")) return null;
    heldOut += outcomes.filter((each) => each === "right").length;
  }
  if (!provesEnough(heldOut, checked)) return null;
  const open = checked === all.length ? null : (why ?? "some infected files fit no recipe");
  return { recipes, checked, pairs: all.length, heldOut: Math.min(heldOut, checked), why: open };
}

/** Recipes with the correction that is taken back, each of which gives back some of the pairs and none wrongly. */
function movedRecipes(
  pairs: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
): Pick<RepairInference, "recipes" | "why"> {
  const specimens = unshiftedSpecimens(pairs);
  if (specimens.length < 2) return { recipes: [], why: null };
  const found = inferPlain(pairInfections(specimens), preferred);
  const recipes = found.recipes.flatMap((recipe) => {
    const fitting = withUnshift(recipe).filter((each) => {
      const outcomes = pairs.map((pair) => outcome(each, pair));
      return outcomes.includes("right") && !outcomes.includes("wrong");
    });
    return fitting.slice(0, 1);
  });
  return { recipes, why: found.why };
}

function inferPlain(analysis: InfectionAnalysis, preferred: readonly Uint8Array[]): RepairInference {
  const all = analysis.groups.flatMap((group) => group.pairs);
  const memory = newMemory();
  const recipes: Repair[] = [];
  const reasons: string[] = [];
  let heldOut = 0;
  let open = [...all];
  const hopeless = new Set<InfectedPair>();
  const takeScripts = () => {
    for (const found of inferScripts(open, all, preferred)) {
      if (recipes.length === MAX_RECIPES) return;
      recipes.push(found.recipe);
      heldOut += found.heldOut;
      open = open.filter((pair) => outcome(found.recipe, pair) !== "right");
      const doubtful = found.doubtful.filter((pair) => open.includes(pair));
      if (doubtful.length > 0) reasons.push(`${describe(doubtful)}: ${DOUBTFUL}`);
      for (const pair of doubtful) hopeless.add(pair);
    }
  };
  // Bodies that differ are known by their words before a rule is sought that explains some of them by their lengths.
  // What makes another language of its hosts is a program of its own with the host behind it, and has rules for all of them.
  const words = analysis.variants > 1 && all.every((pair) => pair.afterType === pair.specimen.type);
  if (words) takeScripts();
  for (const cluster of clusters(all)) {
    const sure = cluster.filter((pair) => !hopeless.has(pair));
    let left = sure.filter((pair) => open.includes(pair));
    while (left.length > 0 && recipes.length < MAX_RECIPES) {
      const found = solveLeft(left, sure, all, preferred, memory);
      if (typeof found === "string") {
        reasons.push(`${describe(left)}: ${found}`);
        break;
      }
      const recipe = forMoreTypes(found.recipe, open, all);
      recipes.push(recipe);
      const right = open.filter((pair) => outcome(recipe, pair) === "right");
      // Pairs of other clusters were all held out while it was inferred.
      heldOut += found.heldOut + right.filter((pair) => !cluster.includes(pair)).length;
      open = open.filter((pair) => !right.includes(pair));
      left = left.filter((pair) => open.includes(pair));
    }
  }
  if (!words) takeScripts();
  const checked = all.filter((pair) => givenBack(recipes, pair) === "right").length;
  const why = checked === all.length ? null : reasons.join("; ") || "some infected files fit no recipe";
  return { recipes, checked, pairs: all.length, heldOut: Math.min(heldOut, checked), why };
}

/** The recipe for types of file too that it was not inferred from, where it gives every such file back that it fits. */
function forMoreTypes(recipe: Repair, open: readonly InfectedPair[], all: readonly InfectedPair[]): Repair {
  let wider = recipe;
  for (const type of new Set(open.map((pair) => pair.afterType))) {
    if (wider.identify.types.includes(type)) continue;
    const same = open.filter((pair) => pair.afterType === type);
    const tried = widenTypes(wider, same);
    if (!same.some((pair) => outcome(tried, pair) === "right")) continue;
    if (all.every((pair) => outcome(tried, pair) !== "wrong")) wider = tried;
  }
  return wider;
}

/** Pairs with the same kinds of change in the same order, the largest cluster first. */
function clusters(pairs: readonly InfectedPair[]): InfectedPair[][] {
  const buckets = new Map<string, InfectedPair[]>();
  for (const pair of pairs) {
    const shape = pair.hunks.map((hunk) => hunk.region ?? hunkKind(hunk)).join("+");
    const elf = pair.afterType.startsWith("elf") ? pair.afterType : "";
    const key = `${elf} ${shape}`;
    buckets.set(key, [...(buckets.get(key) ?? []), pair]);
  }
  return [...buckets.values()].sort((a, b) => b.length - a.length);
}

const LOST = "bytes of the host were overwritten and are kept nowhere in the infected file: they are lost";

/** Nothing was added or moved: foreign bytes stand where the host's stood, and those are nowhere else in the file. */
function overwritten({ host, mechanism }: InfectedPair): boolean {
  return host === "lost" && mechanism === "overwrite";
}

const UNDECIDED =
  "files that differed before look alike where they were changed, so that the infected file does not tell which original it had";

const DOUBTFUL =
  "the infected file does not tell whether lines at the border of the infection are its own or the file's";

interface Found {
  readonly recipe: Repair;
  readonly heldOut: number;
}

/**
 * A recipe for what is left of a cluster. One that the whole of it shows comes first where it gives all of that back: what few files
 * have in common (their length, the end of their names) may be chance, and those that have a recipe already show it. Else one of
 * what is left alone; else of the whole, where it gives some of it back.
 */
function solveLeft(
  left: readonly InfectedPair[],
  cluster: readonly InfectedPair[],
  all: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
  memory: SearchMemory,
): Found | string {
  if (left.length === cluster.length) return solveCluster(left, all, preferred, memory);
  const wide = solveCluster(cluster, all, preferred, memory);
  const right =
    typeof wide === "string" ? 0 : left.filter((pair) => outcome(wide.recipe, pair) === "right").length;
  const alone = right === left.length ? "" : solveCluster(left, all, preferred, memory);
  if (typeof alone !== "string" || typeof wide === "string" || right === 0) return alone;
  return { recipe: wide.recipe, heldOut: Math.min(right, wide.heldOut) };
}

/** A recipe for the whole cluster, else for the part of it that agrees with a few of its pairs. */
function solveCluster(
  cluster: readonly InfectedPair[],
  all: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
  memory: SearchMemory,
): Found | string {
  if (cluster.every(overwritten)) return LOST;
  if (cluster.length < 2) return "only one infected file of this kind was seen, which proves no rule";
  const whole = solve(cluster, all, preferred, memory);
  // A host that is gone in every file does not come back from fewer files.
  const lost = cluster.every((pair) => pair.host === "lost");
  if (typeof whole !== "string" || cluster.length <= 2 || lost) return whole;
  let best: Found | null = null;
  let most = 0;
  let undecided = false;
  const size = cluster.reduce((sum, { specimen }) => sum + specimen.after.length, 0);
  let searched = size * MAX_ANCHORS_TRIED;
  for (const seed of [...alikeSeeds(cluster), ...seedsOf(cluster)]) {
    if (searched > MAX_SEARCHED) break;
    searched += size;
    const first = inferOnce(seed, preferred, memory);
    if (typeof first === "string") continue;
    const agreeing = cluster.filter((pair) => outcome(first, pair) === "right");
    undecided ||= cluster.some((pair) => outcome(first, pair) === "wrong");
    if (agreeing.length <= most || agreeing.length < 2) continue;
    const found = solve(agreeing, all, preferred, memory);
    if (typeof found === "string") continue;
    best = found;
    most = agreeing.length;
  }
  return best ?? (undecided ? UNDECIDED : whole);
}

/** Few pairs that are alike: by how much they grew, and by type and kind. */
function seedsOf(cluster: readonly InfectedPair[]): InfectedPair[][] {
  const growth = ({ specimen }: InfectedPair) => specimen.after.length - specimen.before.length;
  const label = ({ afterType, specimen }: InfectedPair) => `${afterType} ${specimen.kind}`;
  const orders = [
    cluster.toSorted((a, b) => growth(a) - growth(b) || label(a).localeCompare(label(b))),
    cluster.toSorted((a, b) => label(a).localeCompare(label(b)) || growth(a) - growth(b)),
  ];
  const stride = Math.max(1, Math.floor((2 * cluster.length) / MAX_SEEDS));
  return orders.flatMap((order) => {
    const seeds: InfectedPair[][] = [];
    for (let at = 0; at + 2 <= order.length; at += stride) seeds.push(order.slice(at, at + SEED_SIZE));
    return seeds;
  });
}

function inferOnce(
  pairs: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
  memory: SearchMemory,
): Repair | string {
  let why = "the infected files share no constant run to hold on to";
  for (const anchor of anchorsFor(pairs, preferred).slice(0, MAX_ANCHORS_TRIED)) {
    const recipe = inferRecipe(pairs, anchor, memory);
    if (typeof recipe !== "string" && pairs.every((pair) => outcome(recipe, pair) === "right")) return recipe;
    if (typeof recipe === "string") why = recipe;
  }
  return why;
}

/** Infers from all, then again without a part of the pairs, which must come back all the same. */
function solve(
  pairs: readonly InfectedPair[],
  all: readonly InfectedPair[],
  preferred: readonly Uint8Array[],
  memory: SearchMemory,
): Found | string {
  let why = "the infected files share no constant run to hold on to";
  const lost = pairs.every((pair) => pair.host === "lost");
  for (const anchor of anchorsFor(pairs, preferred).slice(0, lost ? 1 : MAX_ANCHORS_TRIED)) {
    const recipe = inferRecipe(pairs, anchor, memory);
    if (typeof recipe === "string") {
      why = recipe;
      continue;
    }
    const own = pairs.every((pair) => outcome(recipe, pair) === "right");
    if (!own || all.some((pair) => outcome(recipe, pair) === "wrong")) {
      why = "the rule that fits most infected files gives others back wrongly";
      continue;
    }
    const heldOut = crossValidate(pairs, anchor, memory);
    if (provesEnough(heldOut, pairs.length)) return { recipe, heldOut };
    why = "a rule fits these files, but does not give back files that it was not made from";
  }
  return why;
}

/**
 * Pairs that come back by a recipe inferred without them; -1 where one came back wrongly: by the next infected file it could
 * be the recipe of all. The anchor was chosen with all pairs in sight, so that what is proved are the places and numbers, not that
 * other files have the anchor: those that have not are refused.
 */
function crossValidate(pairs: readonly InfectedPair[], anchor: Anchor, memory: SearchMemory): number {
  let right = 0;
  for (const { held, rest } of foldsOf(pairs)) {
    const recipe = inferRecipe(rest, anchor, memory);
    if (typeof recipe === "string") continue;
    const wide = widenTypes(recipe, pairs);
    const outcomes = held.map((pair) => outcome(wide, pair));
    if (outcomes.includes("wrong")) return -1;
    right += outcomes.filter((each) => each === "right").length;
  }
  return right;
}

/** A held-out pair may be the only one of its type; the types of the full recipe are used for the check. */
function widenTypes(recipe: Repair, pairs: readonly InfectedPair[]): Repair {
  return {
    ...recipe,
    identify: { ...recipe.identify, types: joined(recipe.identify.types, pairs, (pair) => pair.afterType) },
    expect: {
      ...recipe.expect,
      types: joined(recipe.expect.types, pairs, (pair) => pair.specimen.type),
    },
  };
}

function joined(
  types: readonly FileType[],
  pairs: readonly InfectedPair[],
  of: (pair: InfectedPair) => FileType,
): FileType[] {
  return [...new Set([...types, ...pairs.map(of)])].sort();
}

function givenBack(recipes: readonly Repair[], pair: InfectedPair): "right" | "wrong" | "refused" {
  const result = repairWith(recipes, pair.specimen.after, pair.afterType);
  if ("refused" in result) return "refused";
  return equalBytes(result.repaired, pair.specimen.before) ? "right" : "wrong";
}

function describe(pairs: readonly InfectedPair[]): string {
  const types = [...new Set(pairs.map((pair) => pair.specimen.type))].sort();
  return `${pairs.length} infected ${types.join("/")} file${pairs.length === 1 ? "" : "s"}`;
}
