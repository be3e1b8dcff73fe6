export { createWorld } from "./create.ts";
export { npmOrder, packNpm, tarNpm } from "./packages/pack-npm.ts";
export type { TreeFile } from "./part.ts";
export { findThefts } from "./theft/find.ts";
