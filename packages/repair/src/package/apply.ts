/** Undoes what a worm did to a package: from the infected tarball to the clean one, in memory. */
import { createHash } from "node:crypto";
import { asThymusError, type DropMember, type PackageMember, type PackageRepair } from "@thymus/contracts";
import { agreeOn, applyRepair, hasAnchor } from "../apply.ts";
import { findPattern, parsePattern } from "../pattern.ts";
import { failed, refuse } from "../refuse.ts";
import { packGzip, unpackGzip } from "./gzip.ts";
import { editManifest } from "./manifest.ts";
import { memberType } from "./member-type.ts";
import { repack } from "./packing.ts";
import { parseTar, type Tarball, type TarMember, withContent, writeTar } from "./tar.ts";

export const MANIFEST = "package.json";

/** Members of a package's tarball, read strictly. @throws ThymusError REPAIR_REFUSED */
export function openPackage(bytes: Uint8Array): Tarball {
  const tarball = parseTar(unpackGzip(bytes));
  const paths = new Set<string>();
  for (const { path, file } of tarball.members) {
    if (file && paths.has(path)) throw refuse("the package has a member twice");
    paths.add(path);
  }
  if (!paths.has(MANIFEST)) throw refuse("the package has no manifest");
  return tarball;
}

/**
 * Gives the clean package back. Pure: `infected` stays as it is.
 * @throws ThymusError REPAIR_REFUSED (the recipe does not fit exactly) or REPAIR_FAILED (the result is not what it promises)
 */
export function applyPackageRepair(recipe: PackageRepair, infected: Uint8Array): Uint8Array {
  const { members, tail } = openPackage(infected);
  if (recipe.drop.length === 0 && recipe.members.length === 0) throw refuse("the recipe changes nothing");
  const dropped = new Set(recipe.drop.map((drop) => theOne(drop, members)));
  if (dropped.size < recipe.drop.length) throw refuse("two lines of the recipe drop the same member");
  const kept = members.filter((member) => !dropped.has(member));
  const changed = new Map<TarMember, TarMember>();
  for (const each of recipe.members) {
    for (const [member, repaired] of repairMembers(each, kept)) {
      if (changed.has(member)) throw refuse("two lines of the recipe change the same member");
      changed.set(member, withContent(member, repaired));
    }
  }
  const left = kept.map((member) => changed.get(member) ?? member);
  check(recipe, left);
  const clean = repack({ members: left, tail }, recipe.pack);
  return packGzip(writeTar(clean), recipe.pack.gzip);
}

function fits(drop: DropMember, member: TarMember): boolean {
  if (!member.file || (drop.path !== null && drop.path !== member.path)) return false;
  return "sha256" in drop
    ? createHash("sha256").update(member.content).digest("hex") === drop.sha256
    : findPattern(parsePattern(drop.anchor), member.content) >= 0;
}

function theOne(drop: DropMember, members: readonly TarMember[]): TarMember {
  const found = members.filter((member) => fits(drop, member));
  if (found.length === 0) throw refuse("a member that the recipe takes out is not in the package");
  if (found.length > 1) throw refuse("a member that the recipe takes out is in the package more than once");
  if (found[0]!.path === MANIFEST) throw refuse("the recipe would take the package's manifest out");
  return found[0]!;
}

function repairMembers(recipe: PackageMember, members: readonly TarMember[]): [TarMember, Uint8Array][] {
  const files = members.filter(({ file }) => file);
  if ("edits" in recipe) {
    const manifest = files.find(({ path }) => path === recipe.path);
    if (manifest === undefined) throw refuse("the package has no manifest");
    return [[manifest, editManifest(recipe.edits, manifest.content)]];
  }
  const meant = files.filter(({ path, content }) =>
    recipe.path === null ? recipe.recipes.some((each) => hasAnchor(each, content)) : path === recipe.path,
  );
  if (meant.length === 0) throw refuse("no member of the package is infected as the recipe knows it");
  return meant.map((member) => {
    const type = memberType(member.path, member.content);
    const result = agreeOn(recipe.recipes, (each) =>
      applyRepair(each, member.content, type, (bytes) => memberType(member.path, bytes)),
    );
    if ("refused" in result) throw refuse(`${member.path}: ${result.refused}`);
    return [member, result.repaired];
  });
}

/** What must hold of the members that are left. */
function check({ drop, members, expect }: PackageRepair, left: readonly TarMember[]): void {
  const files = left.filter(({ file }) => file);
  if (files.length < expect.minMembers) throw failed("fewer members are left than any clean package has");
  const anchors = drop.flatMap((each) => ("anchor" in each ? [parsePattern(each.anchor)] : []));
  const recipes = members.flatMap((each) => ("recipes" in each ? each.recipes : []));
  const infected = (content: Uint8Array) =>
    anchors.some((anchor) => findPattern(anchor, content) >= 0) ||
    recipes.some((each) => hasAnchor(each, content));
  if (files.some(({ content }) => infected(content))) throw failed("the infection is still in the result");
}

/** Whether two tarballs hold the same tar stream, however each is compressed. */
export function sameTar(a: Uint8Array, b: Uint8Array): boolean {
  try {
    return Buffer.compare(unpackGzip(a), unpackGzip(b)) === 0;
  } catch (thrown) {
    if (asThymusError(thrown).code !== "REPAIR_REFUSED") throw thrown;
    return false;
  }
}
