export { type AgentOptions, type RunningAgent, startAgent } from "./agent.ts";
export type { StoppedTree } from "./behaviour/stopping/records.ts";
export { agentAbilities } from "./citizen/abilities.ts";
export { type ServiceManager, serviceManager } from "./citizen/service-notify.ts";
export { type ContainerPlace, Containers } from "./containers/containers.ts";
export { type Enrolment, readEnrolment } from "./link/enrolment.ts";
export { followServer, type JoinOptions, joinServer } from "./link/join.ts";
export { activePrescriptions } from "./verbs/active.ts";
export {
  type BaselineDifference,
  type BaselineOptions,
  type BaselineSummary,
  type BaselineVerbs,
  openBaseline,
} from "./verbs/baseline.ts";
export { type CopyOutcome, type CopyVerbs, openCopyRepairs } from "./verbs/copies.ts";
export { openPackageRepairs, type PackageOutcome } from "./verbs/package-repairs.ts";
export { openProcesses, type ProcessVerbs } from "./verbs/processes.ts";
export { openQuarantine, type QuarantineVerbs, type VerbOptions } from "./verbs/quarantine.ts";
export { openRepairs, type RepairVerbs } from "./verbs/repair.ts";
