import type { ObservationKind, PrescriptionId } from "@thymus/contracts";
import type { BaselineRow } from "../monitors/baseline.ts";
import type { Examined } from "../monitors/examine.ts";
import type { Claim } from "../packages/manager.ts";
import type { Writer } from "../watch/messages.ts";

/** One file that is not as it was accepted. */
export interface Change {
  readonly path: string;
  /** What self knows of it; null for a file that appeared. */
  readonly before: BaselineRow | null;
  readonly now: Examined;
  readonly decoy: boolean;
  /** It appeared within the last hour (`fresh`: minute) before the others and was accepted: perhaps what changed them. */
  readonly earlier?: "fresh" | "old";
  /** Who wrote it last, where the source of the event tells that. */
  readonly writer?: Writer | null;
  /** Bytes that no part of the accepted content explains; empty for a file that appeared. */
  readonly foreign: readonly Uint8Array[];
}

/** The changes of one watched root that came together. */
export interface Incident {
  readonly root: string;
  readonly changes: readonly Change[];
  /** Decoys that are gone. */
  readonly lostDecoys: readonly string[];
  /** Ids of the active prescriptions whose rule a change matches. */
  readonly signatures: ReadonlyMap<string, PrescriptionId>;
  /** What the package manager says of changes that it does not answer for. */
  readonly claims: ReadonlyMap<string, Claim>;
}

/** A fact that speaks for an infection. */
export interface Evidence {
  readonly kind: ObservationKind;
  /** What was looked for: of several with the same rule about one subject only the strongest counts. */
  readonly rule: string;
  readonly path: string;
  readonly weight: number;
  /** Plain words for a person. */
  readonly what: string;
  /** True where it speaks about the incident as a whole, whichever file is the subject. */
  readonly shared: boolean;
  readonly prescription?: PrescriptionId;
}

/** A kind of monitor: looks at an incident and says what it sees. Pure. */
export interface Monitor {
  readonly name: string;
  look(incident: Incident): Evidence[];
}

/** It came with a change of a lockfile: then that several changed at once, or what they share, says nothing. */
export const isDependency = ({ claims }: Incident, { path }: Change): boolean =>
  claims.get(path)?.kind === "dependency";

/** A program that changed, not one that appeared. */
export const isChanged = (change: Change): boolean => change.before !== null || change.decoy;
