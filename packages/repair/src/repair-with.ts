/** A prescription's recipes on one file: recipes of packages for tarballs, recipes of bytes for everything else. */
import type { AnyRepair, FileType, PackageRepair, Repair } from "@thymus/contracts";
import { agreeOn, applyRepair, type Outcome, type TypeOf } from "./apply.ts";
import { applyPackageRepair } from "./package/apply.ts";

/** Types as which a package's tarball may be identified: by its name, or without one. */
const packageTypes: readonly FileType[] = ["npm", "archive"];

export const isPackageRepair = (recipe: AnyRepair): recipe is PackageRepair => "format" in recipe;

/**
 * Tries each recipe of a prescription that is for this type of file. Exactly one result must come out, see `agreeOn`.
 * `typeOf`, where given, checks the type of a file's result; that of a package is checked by taking it apart.
 */
export function repairWith(
  recipes: readonly AnyRepair[],
  infected: Uint8Array,
  type: FileType,
  typeOf?: TypeOf,
): Outcome<AnyRepair> {
  if (packageTypes.includes(type)) {
    const own = recipes.filter(isPackageRepair);
    if (own.length > 0) return agreeOn(own, (recipe) => applyPackageRepair(recipe, infected));
  }
  const own = recipes.filter((recipe): recipe is Repair => !isPackageRepair(recipe));
  return agreeOn(own, (recipe) => applyRepair(recipe, infected, type, typeOf));
}
