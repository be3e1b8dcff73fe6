import type { RunView } from "../view.ts";
import { contacts } from "./contacts.ts";
import { downloads } from "./downloads.ts";
import { evasion } from "./evasion.ts";
import { hiding } from "./hiding.ts";
import { memory } from "./memory.ts";
import { notes } from "./notes.ts";
import { persistence } from "./persistence.ts";
import { personal } from "./personal.ts";
import { resources } from "./resources.ts";
import { rights } from "./rights.ts";
import { secrets } from "./secrets.ts";
import type { Detector, Sign } from "./sign.ts";
import { spreading } from "./spreading.ts";

/** All detectors. A new one is one file and one word here. */
const detectors: readonly Detector[] = [
  notes,
  downloads,
  persistence,
  rights,
  memory,
  evasion,
  hiding,
  resources,
  secrets,
  personal,
  contacts,
  spreading,
];

/** Every sign of a run, in the order of time. */
export const findSigns = (view: RunView): Sign[] =>
  detectors.flatMap((detect) => detect(view)).sort((a, b) => a.t - b.t);

export type { SignId } from "./catalogue.ts";
export { catalogue } from "./catalogue.ts";
export type { Sign } from "./sign.ts";
