export type { CodePattern } from "./code.ts";
export type { Density } from "./entropy.ts";
export { type FeatureSet, featuresOf } from "./features.ts";
export type { Text } from "./strings.ts";
export type { Oddity, Structure } from "./structure.ts";
export { unpackUpx } from "./unpack/upx.ts";
export { WINDOW } from "./windows.ts";
