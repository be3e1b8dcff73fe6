export { listPackageLookalikes, type PackageLookalike } from "./lookalikes.ts";
export { canFetch, fetchOthers, listOthers, type OtherPackage, readOther } from "./others/fetch.ts";
export { type DenPackage, type DenRelease, releaseInDen } from "./registry/release.ts";
export {
  listPackageWorms,
  type PackageSource,
  type PackageWorm,
  packageWormSources,
  packageWormsFolder,
} from "./worms/worms.ts";
