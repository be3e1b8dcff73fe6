import type { Evidence, Incident, Monitor } from "../suspicion/incident.ts";
import { decoyTouched } from "./decoy-touched.ts";
import { familySignature } from "./family-signature.ts";
import { packageDiffers } from "./package-differs.ts";
import { programAppeared } from "./program-appeared.ts";
import { programChanged } from "./program-changed.ts";
import { severalChanged } from "./several-changed.ts";
import { staticHeuristics } from "./static-heuristics.ts";

/** Every kind of monitor. A new one is one file and one line here. */
const monitors: readonly Monitor[] = [
  decoyTouched,
  programChanged,
  packageDiffers,
  severalChanged,
  programAppeared,
  staticHeuristics,
  familySignature,
];

/** What all monitors see in an incident. */
export function observe(incident: Incident): Evidence[] {
  return monitors.flatMap((monitor) => monitor.look(incident));
}
