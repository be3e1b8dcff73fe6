export { type BuildOptions, buildChamber } from "./build/build.ts";
export type {
  Chamber,
  ChamberResult,
  ChamberRun,
  Conditions,
  DecoyOutcome,
  DecoySet,
  DroppedFile,
  Ecosystem,
  HoneyCredential,
  NetworkExchange,
  PlannedCommand,
  PublishedPackage,
  RegistryPackage,
  StartPlan,
  World,
  WorldFile,
} from "./chamber.ts";
export { type CreateDecoysOptions, createDecoys } from "./decoys/create.ts";
export { openChamber } from "./open.ts";
export { chamberPackages } from "./packages.ts";
export { emptyWorld, plainConditions } from "./run/conditions.ts";
