export { readProbe } from "./chamber/accelerator.ts";
export {
  buildChamber,
  type ChamberRun,
  chamberPackages,
  createDecoys,
  emptyWorld,
  openChamber,
  plainConditions,
} from "./chamber/index.ts";
export { bootGuest } from "./chamber/machine/boot.ts";
export { chamberPaths } from "./chamber/paths.ts";
export { confinementWorks } from "./confinement/confine.ts";
export { type ClamavExport, toClamav } from "./export/clamav.ts";
export { type Prescribed, prescriptionsToStix } from "./export/stix-prescriptions.ts";
export { Batch } from "./families/batch.ts";
export { FamilyMemory } from "./families/memory.ts";
export { type Immunized, type ImmunizeOptions, immunize } from "./immunize.ts";
export type { Answer, Answered, SubmissionMeta, Urgency } from "./intake/answer.ts";
export { type CentreOptions, startCentre } from "./intake/centre.ts";
export { centreIsEnrolled, joinAsCentre, moveCentre } from "./intake/enrolment.ts";
export { openIntake } from "./intake/intake.ts";
export { analysisWorkers } from "./intake/size.ts";
export type { Finished, Intake, IntakeOptions, Turn } from "./intake/types.ts";
export { verifyPrescription } from "./proof/verify.ts";
export { type EvaluateOptions, evaluateRules } from "./rules/index.ts";
export {
  buildCorpus,
  exportCorpus,
  importCorpus,
  importList,
  openCorpus,
  PACKAGE_MANAGER,
} from "./self/index.ts";
export { WorkerPool } from "./worker/pool.ts";
export { corpusFolders } from "./worker/readable.ts";
export { runWorker } from "./worker/run.ts";
