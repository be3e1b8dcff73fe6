export { type BuildOptions, buildChamber } from "./build/build.ts";
export type { Chamber, ChamberResult, ChamberRun, DecoyOutcome, DecoySet, DroppedFile } from "./chamber.ts";
export { type CreateDecoysOptions, createDecoys } from "./decoys/create.ts";
export { openChamber } from "./open.ts";
export { chamberPackages } from "./packages.ts";
