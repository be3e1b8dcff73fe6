export {
  analysePackages,
  type PackageCure,
  type PackageDeps,
  type PackageEvidence,
  type PackagesGaveUp,
} from "./analyse.ts";
export { packageHolds } from "./holds.ts";
export type { MemberChange, PackagePair } from "./pair.ts";
export { type PackageProof, provePackages, scanOthers } from "./prove.ts";
export { type PublishedRun, type PublishedTarball, readPublished } from "./published.ts";
