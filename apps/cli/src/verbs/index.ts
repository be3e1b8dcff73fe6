/** Every verb of the command; a new one is a new file and a line here. */
import { registerBaseline } from "./baseline.ts";
import { registerCases, registerPolicy, registerPrescriptions } from "./cases.ts";
import { registerChamber } from "./chamber.ts";
import { registerCorpus } from "./corpus.ts";
import { registerDoctor } from "./doctor.ts";
import { registerDrill } from "./drill.ts";
import { registerImmunize } from "./immunize.ts";
import { registerQuarantine } from "./quarantine.ts";
import { registerRepair } from "./repair.ts";
import { registerAdmin, registerAgent, registerAnalysis, registerJoin } from "./roles.ts";
import { registerRules } from "./rules.ts";
import { registerScan } from "./scan.ts";
import { registerService } from "./service.ts";
import { registerUp } from "./up.ts";
import type { Register } from "./verb.ts";
import { registerVerify } from "./verify.ts";

export const verbs: readonly Register[] = [
  registerUp,
  registerAdmin,
  registerAnalysis,
  registerAgent,
  registerJoin,
  registerService,
  registerImmunize,
  registerScan,
  registerRepair,
  registerVerify,
  registerCorpus,
  registerRules,
  registerBaseline,
  registerQuarantine,
  registerCases,
  registerPrescriptions,
  registerPolicy,
  registerDrill,
  registerChamber,
  registerDoctor,
];
