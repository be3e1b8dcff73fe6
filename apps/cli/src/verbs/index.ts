/** Every verb of the command; a new one is a new file and a line here. */
import type { Register } from "./verb.ts";

/** A verb is loaded when it is called: `thymus scan` does not wait for the analysis centre. */
const verbs: Readonly<Record<string, () => Promise<Register>>> = {
  up: async () => (await import("./up.ts")).registerUp,
  admin: async () => (await import("./roles.ts")).registerAdmin,
  analysis: async () => (await import("./roles.ts")).registerAnalysis,
  agent: async () => (await import("./roles.ts")).registerAgent,
  join: async () => (await import("./roles.ts")).registerJoin,
  service: async () => (await import("./service.ts")).registerService,
  immunize: async () => (await import("./immunize.ts")).registerImmunize,
  scan: async () => (await import("./scan.ts")).registerScan,
  repair: async () => (await import("./repair.ts")).registerRepair,
  verify: async () => (await import("./verify.ts")).registerVerify,
  corpus: async () => (await import("./corpus.ts")).registerCorpus,
  rules: async () => (await import("./rules.ts")).registerRules,
  baseline: async () => (await import("./baseline.ts")).registerBaseline,
  quarantine: async () => (await import("./quarantine.ts")).registerQuarantine,
  processes: async () => (await import("./processes.ts")).registerProcesses,
  cases: async () => (await import("./cases.ts")).registerCases,
  prescriptions: async () => (await import("./cases.ts")).registerPrescriptions,
  policy: async () => (await import("./cases.ts")).registerPolicy,
  drill: async () => (await import("./drill.ts")).registerDrill,
  chamber: async () => (await import("./chamber.ts")).registerChamber,
  doctor: async () => (await import("./doctor.ts")).registerDoctor,
};

/** The verb of this name, or all of them, as a help text needs them. */
export async function registersFor(word: string | undefined): Promise<Register[]> {
  const one = word !== undefined && Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  return Promise.all((one ? [one] : Object.values(verbs)).map((load) => load()));
}
