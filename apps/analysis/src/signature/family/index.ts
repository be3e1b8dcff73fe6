export { type FeatureSet, featuresOf } from "../features/index.ts";
export { deriveFamilyRule } from "./derive-family.ts";
export type { DerivedFamily, DeriveFamilyOptions, FamilySample } from "./types.ts";
