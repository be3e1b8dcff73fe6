import type { ObservationKind } from "@thymus/contracts";
import type { Look } from "./content/look.ts";

/** A process as patterns see it. */
export interface ProcessLook {
  readonly pid: number;
  readonly exe: string | null;
  readonly deleted: boolean;
  /** Another file lies under the executable's name now, as after an upgrade. */
  readonly replaced: boolean;
  readonly cmdline: readonly string[];
  readonly uid: number;
  /** Executables of those that started it, the nearest first. */
  readonly parents: readonly string[];
  readonly terminal: boolean;
  /** Standard input and output are the same network connection. */
  readonly networkShell: boolean;
  readonly preload: string | null;
  /** Part of one processor that it used while it was watched, and for how many seconds that was. */
  readonly cpu: { readonly share: number; readonly seconds: number } | null;
  /** Ports of other machines to which it has connections. */
  readonly ports: readonly number[];
}

/** One document that a process tree changed. */
export interface DocumentChange {
  readonly path: string;
  readonly fate: "written" | "created" | "gone";
  /** What it was; null where nothing is known of it, or where it was not there. */
  readonly before: Look | null;
  /** What it is; null where it is gone. */
  readonly after: Look | null;
}

/** A decoy that is not as it was made. */
export interface DecoyTouch {
  readonly path: string;
  readonly after: Look | null;
}

/** Something that runs by itself later was changed. */
export interface PersistenceChange {
  readonly path: string;
  /** What lies there, in plain words. */
  readonly place: string;
}

/** All that is known of one process tree when it is judged. */
export interface Facts {
  /** From which all of it descends. */
  readonly subject: ProcessLook;
  readonly tree: readonly ProcessLook[];
  /** The first of them, each looked at. */
  readonly documents: readonly DocumentChange[];
  /** How many were changed in all. */
  readonly changed: number;
  readonly decoys: readonly DecoyTouch[];
  /** Programs that were changed, of which several got the same foreign bytes. */
  readonly infected: readonly string[];
  readonly persistence: readonly PersistenceChange[];
}

/** A fact that speaks for harm. */
export interface Sign {
  readonly kind: ObservationKind;
  readonly rule: string;
  /** The file that it is about. */
  readonly path: string;
  readonly weight: number;
  /** Plain words for a person. */
  readonly what: string;
  /** What would have to be different for it not to count. */
  readonly unless: string;
}

/** One kind of behaviour: looks at facts and says what it sees. Pure. */
export interface Pattern {
  readonly name: string;
  look(facts: Facts): Sign[];
}
