export { createWorld } from "./create.ts";
export { packNpm } from "./packages/pack-npm.ts";
export type { TreeFile } from "./part.ts";
export { findThefts } from "./theft/find.ts";
