import type { FileType } from "@thymus/contracts";
import type { HostState, MechanismName } from "./host.ts";
import type { Hunk, Span } from "./hunk.ts";
import type { Segment } from "./invariant.ts";
import type { Specimen, TypeFamily } from "./specimen.ts";

/** One infected decoy, read. Offsets of `bodies` are in the infected file. */
export interface InfectedPair {
  readonly specimen: Specimen;
  readonly afterType: FileType;
  readonly hunks: readonly Hunk[];
  readonly bodies: readonly Span[];
  readonly mechanism: MechanismName;
  readonly host: HostState;
}

/** Pairs of one kind of host that changed in the same shape. */
export interface InfectionGroup {
  readonly family: TypeFamily;
  readonly shape: string;
  readonly mechanism: MechanismName;
  readonly pairs: readonly InfectedPair[];
  /** Runs that all bodies of the group have in common. */
  readonly invariant: readonly Segment[];
  readonly invariantBytes: number;
  readonly variants: number;
  /** Shortest and longest body in bytes. */
  readonly bodyBytes: { readonly min: number; readonly max: number };
}

/** A decoy that is no longer at its path; `to` is where its like was found, if anywhere. */
export interface RenamedDecoy {
  readonly path: string;
  readonly to: string | null;
  /** `identical`, `encode` (content transformed beyond recognition), or `lost` (nothing like it was found). */
  readonly content: "identical" | "encode" | "lost";
}

export interface InfectionAnalysis {
  /** Null where no decoy changed. */
  readonly mechanism: MechanismName | null;
  /** Types of the clean files that were changed. */
  readonly targets: readonly FileType[];
  readonly groups: readonly InfectionGroup[];
  /** Bytes that all bodies of a group share, added over the groups; runs that groups share count once. */
  readonly invariantBytes: number;
  /** Number of distinct inserted bodies. */
  readonly variants: number;
  readonly host: HostState;
  readonly renamed: readonly RenamedDecoy[];
}
