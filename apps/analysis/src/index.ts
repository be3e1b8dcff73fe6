export { buildChamber, chamberPackages, createDecoys, openChamber } from "./chamber/index.ts";
export { confinementWorks } from "./confinement/confine.ts";
export { type Immunized, type ImmunizeOptions, immunize } from "./immunize.ts";
export { type CentreOptions, startCentre } from "./intake/centre.ts";
export { centreIsEnrolled, joinAsCentre, moveCentre } from "./intake/enrolment.ts";
export { verifyPrescription } from "./proof/verify.ts";
export { buildCorpus, openCorpus, PACKAGE_MANAGER } from "./self/index.ts";
export { runWorker } from "./worker/run.ts";
