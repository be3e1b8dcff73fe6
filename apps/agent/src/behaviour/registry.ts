import type { Facts, Pattern, Sign } from "./facts.ts";
import { coinMiner } from "./patterns/coin-miner.ts";
import { decoysTouched } from "./patterns/decoys-touched.ts";
import { deletedProgram } from "./patterns/deleted-program.ts";
import { documentsTurned } from "./patterns/documents-turned.ts";
import { endingSwept } from "./patterns/ending-swept.ts";
import { manyChanged } from "./patterns/many-changed.ts";
import { memoryProgram } from "./patterns/memory-program.ts";
import { persistence } from "./patterns/persistence.ts";
import { preload } from "./patterns/preload.ts";
import { programsInfected } from "./patterns/programs-infected.ts";
import { serviceShell } from "./patterns/service-shell.ts";

/** Every kind of behaviour. A new one is one file and one line here. */
const patterns: readonly Pattern[] = [
  documentsTurned,
  endingSwept,
  decoysTouched,
  manyChanged,
  programsInfected,
  persistence,
  deletedProgram,
  memoryProgram,
  preload,
  coinMiner,
  serviceShell,
];

/** What all patterns see. */
export function signsOf(facts: Facts): Sign[] {
  return patterns.flatMap((pattern) => pattern.look(facts));
}
