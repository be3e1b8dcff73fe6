/** Recipes that give clean packages back, inferred from pairs; kept only where they give every pair that they fit back. */
import { createHash } from "node:crypto";
import {
  type DropMember,
  type PackageMember,
  PackageRepair,
  type Packing,
  type Repair,
} from "@thymus/contracts";
import { applyPackageRepair, type GzipForm, gzipFormOf, MANIFEST, sameTar, unpackGzip } from "@thymus/repair";
import { equalBytes } from "../infection/bytes.ts";
import { pairInfections } from "../infection/index.ts";
import { inferRepairs } from "../repair-inference/index.ts";
import { inferManifestEdits, type ManifestChange, readManifestChanges, shapeOfChanges } from "./manifest.ts";
import { filesOf, type MemberChange, type PackagePair } from "./pair.ts";
import { changedCode } from "./specimens.ts";

export interface PackageInference {
  readonly recipes: PackageRepair[];
  /** Recipes of single files, for packages that are unpacked already. */
  readonly files: Repair[];
  /** Why some (or all) packages cannot be repaired; null where all can. */
  readonly why: string | null;
}

interface Cluster {
  readonly pairs: PackagePair[];
  readonly manifests: Map<PackagePair, ManifestChange[]>;
}

const MAX_RECIPES = 8;
const OTHER_COMPRESSION =
  "clean packages were compressed by another library: what is in them comes back, the compressed bytes do not";

/**
 * @param pairs what is learned from
 * @param others pairs of another run, with other packages: what a recipe is tried on, and by which what is constant in
 *   one run only is told from what is constant in all
 * @param strings byte runs of the rule, to hold on to
 */
export function inferPackageRepairs(
  pairs: readonly PackagePair[],
  others: readonly PackagePair[],
  strings: readonly Uint8Array[],
): PackageInference {
  const reasons = new Set<string>();
  const code = inferRepairs(pairInfections(changedCode(pairs)), [], strings);
  if (code.why !== null) reasons.add(code.why);
  const recipes: PackageRepair[] = [];
  for (const cluster of clusters(pairs, reasons)) {
    const recipe = recipeOf(cluster, others, strings, code.recipes);
    if (typeof recipe === "string") reasons.add(recipe);
    else {
      const tried = tryOn(recipe, [...pairs, ...others]);
      if (tried.wrong > 0)
        reasons.add(`a recipe that fits ${tried.right} packages gives ${tried.wrong} others back wrongly`);
      else if (tried.right < 2) reasons.add("only one package was changed in this way, which proves no rule");
      else if (recipes.length < MAX_RECIPES) recipes.push(recipe);
    }
  }
  const best = pairs.map((pair) => recipes.map((recipe) => outcome(recipe, pair)));
  const left = best.filter((outcomes) => !outcomes.includes("right"));
  if (left.some((outcomes) => outcomes.includes("tar"))) reasons.add(OTHER_COMPRESSION);
  return {
    recipes,
    files: recipes.length > 0 ? code.recipes : [],
    why: left.length === 0 ? null : [...reasons].join("; ") || "some packages fit no recipe",
  };
}

/** Packages of which members were added, removed and changed alike. */
function clusters(pairs: readonly PackagePair[], reasons: Set<string>): Cluster[] {
  const found = new Map<string, Cluster>();
  for (const pair of pairs) {
    const lost = pair.changes.find(({ after }) => after === null);
    const manifest = pair.changes.find(({ path }) => path === MANIFEST);
    const changes = manifest
      ? readManifestChanges(manifest.before!, manifest.after ?? new Uint8Array(0))
      : [];
    if (lost !== undefined || typeof changes === "string") {
      reasons.add(lost ? "members were taken out of packages and are lost" : String(changes));
      continue;
    }
    const added = pair.changes.filter(({ before }) => before === null).length;
    const code = pair.changes.some((change) => change.before !== null && change !== manifest);
    const key = `${added} ${code} ${shapeOfChanges(changes)}`;
    const cluster: Cluster = found.get(key) ?? { pairs: [], manifests: new Map() };
    cluster.pairs.push(pair);
    cluster.manifests.set(pair, changes);
    found.set(key, cluster);
  }
  return [...found.values()].sort((a, b) => b.pairs.length - a.pairs.length);
}

function recipeOf(
  { pairs, manifests }: Cluster,
  others: readonly PackagePair[],
  strings: readonly Uint8Array[],
  code: readonly Repair[],
): PackageRepair | string {
  const members: PackageMember[] = [];
  const changed = pairs.filter((pair) => (manifests.get(pair)?.length ?? 0) > 0);
  if (changed.length > 0) {
    const edits = inferManifestEdits(
      changed.map((pair) => {
        const { before, after } = pair.changes.find(({ path }) => path === MANIFEST)!;
        return { before: before!, after: after!, changes: manifests.get(pair)! };
      }),
    );
    if (typeof edits === "string") return edits;
    members.push({ path: MANIFEST, edits });
  }
  if (changedCode([pairs[0]!]).length > 0) {
    if (code.length === 0) return "changed members of packages fit no recipe";
    members.push({ path: null, recipes: code.slice(0, 8) });
  }
  const drop = dropsOf(pairs, others, strings);
  if (typeof drop === "string") return drop;
  const whole = withPacking({ format: "npm", drop, members, expect: { minMembers: 1 } }, pairs);
  const recipe = PackageRepair.safeParse(whole);
  return recipe.success ? recipe.data : "the recipe would be too large";
}

const addedTo = (pair: PackagePair) => pair.changes.filter(({ before }) => before === null);
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** One line for each added member: by its bytes where they are the same in every run, else by a run of the infection in it. */
function dropsOf(
  pairs: readonly PackagePair[],
  others: readonly PackagePair[],
  strings: readonly Uint8Array[],
): DropMember[] | string {
  const lines: DropMember[] = [];
  const open = pairs.map((pair) => [...addedTo(pair)]);
  while (open[0]!.length > 0) {
    const first = open[0]!.shift()!;
    const same = open.map((list, i) => (i === 0 ? first : takeLike(list, first)));
    if (same.some((each) => each === undefined))
      return "what was added to packages has nothing constant in it";
    const alike = same as MemberChange[];
    const path = alike.every((each) => each.path === first.path) ? first.path : null;
    const everywhere = [
      ...alike,
      ...others.flatMap(addedTo).filter((each) => path === null || each.path === path),
    ];
    const sha256 = digest(first.after!);
    const constant = everywhere.every((each) => digest(each.after!) === sha256);
    const anchor = constant ? undefined : anchorOf(alike, pairs, strings);
    if (constant) lines.push(DropMemberOf({ path, sha256 }));
    else if (anchor !== undefined) lines.push(DropMemberOf({ path, anchor }));
    else return "what was added to packages has nothing constant in it";
  }
  return lines;
}

const DropMemberOf = (line: { path: string | null } & ({ sha256: string } | { anchor: string })) =>
  line as DropMember;

function takeLike(list: MemberChange[], wanted: MemberChange): MemberChange | undefined {
  const path = list.findIndex((each) => each.path === wanted.path);
  const bytes = list.findIndex((each) => equalBytes(each.after!, wanted.after!));
  // One that is left in each package must be the same one under other names.
  const at = path >= 0 ? path : bytes >= 0 ? bytes : list.length === 1 ? 0 : -1;
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

function anchorOf(
  members: readonly MemberChange[],
  pairs: readonly PackagePair[],
  strings: readonly Uint8Array[],
): string | undefined {
  const found = strings.find(
    (run) =>
      members.every(({ after }) => Buffer.from(after!).includes(run)) &&
      pairs.every(
        ({ clean }) => ![...filesOf(clean).values()].some((bytes) => Buffer.from(bytes).includes(run)),
      ),
  );
  return found && Buffer.from(found).toString("hex");
}

const forms: readonly Omit<Packing, "gzip">[] = [
  { order: "kept", headers: "kept", modes: "kept" },
  { order: "npm", headers: "npm", modes: "kept" },
  { order: "npm", headers: "npm", modes: "bin" },
  { order: "kept", headers: "npm", modes: "kept" },
  { order: "kept", headers: "npm", modes: "bin" },
  { order: "npm", headers: "kept", modes: "kept" },
];

/** How the most clean tarballs come back, with the gzip form that most of them have. */
function withPacking(recipe: Omit<PackageRepair, "pack">, pairs: readonly PackagePair[]): PackageRepair {
  const gzips = pairs
    .map(({ before }) => gzipFormOf(before, unpackGzip(before)))
    .filter((form): form is GzipForm => form !== null);
  const gzip = mostOften(gzips) ?? { level: 9, os: 255 };
  const tried = forms.map((form) => {
    const whole = { ...recipe, pack: { ...form, gzip } };
    return { whole, right: tryOn(whole, pairs).right };
  });
  return tried.reduce((best, each) => (each.right > best.right ? each : best)).whole;
}

function mostOften(gzips: readonly GzipForm[]): GzipForm | null {
  const groups = [...Map.groupBy(gzips, ({ level, os }) => `${level} ${os}`).values()];
  return groups.sort((a, b) => b.length - a.length)[0]?.[0] ?? null;
}

/** `tar`: the stream inside is the clean one, the compressed bytes are not. */
export type PackageOutcome = "right" | "tar" | "wrong" | "refused";

export function outcome(
  recipe: PackageRepair,
  { before, after }: Pick<PackagePair, "before" | "after">,
): PackageOutcome {
  let repaired: Uint8Array;
  try {
    repaired = applyPackageRepair(recipe, after);
  } catch {
    return "refused";
  }
  if (equalBytes(repaired, before)) return "right";
  return sameTar(repaired, before) ? "tar" : "wrong";
}

function tryOn(recipe: PackageRepair, pairs: readonly PackagePair[]): { right: number; wrong: number } {
  const outcomes = pairs.map((pair) => outcome(recipe, pair));
  return {
    right: outcomes.filter((each) => each === "right" || each === "tar").length,
    wrong: outcomes.filter((each) => each === "wrong").length,
  };
}
