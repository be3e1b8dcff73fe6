export type { InfectedPair, InfectionAnalysis, InfectionGroup, RenamedDecoy } from "./analysis.ts";
export type { HostState, MechanismName } from "./host.ts";
export { type Hunk, type Span, undoHunks } from "./hunk.ts";
export type { Segment } from "./invariant.ts";
export { editScript, pairInfections } from "./pair-infections.ts";
export type { MissingDecoy, NewFile } from "./renamed.ts";
export { afterTypeOf, holdsSomething, type Specimen } from "./specimen.ts";
