import type { FileType } from "@thymus/contracts";
import type { DerivedRule, NoRule } from "../derive.ts";
import type { FeatureSet } from "../features/index.ts";
import type { Self } from "../self.ts";

/** A whole program or script that is said to belong to the family. */
export interface FamilySample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type: FileType;
}

export interface DeriveFamilyOptions {
  readonly samples: readonly FamilySample[];
  readonly self: Self;
  readonly family: string;
  readonly signal?: AbortSignal;
}

export interface DerivedFamily extends DerivedRule {
  /** Indices of the samples that the rule finds. */
  readonly members: number[];
  /** Indices of the samples that are unlike the others: left out of the rule, likely of another family. */
  readonly outliers: number[];
  /** `variants`: may find what was never seen; `builds`: finds these very builds only, for the samples are packed. */
  readonly reach: "variants" | "builds";
}

/** One content among the samples; the same bytes sent twice count once. */
export interface Member {
  readonly indices: readonly number[];
  readonly sample: FamilySample;
  /** Of its content: of what was packed where that could be unpacked. */
  readonly features: FeatureSet;
  /** `closed`: packed, and nobody can look inside; `opened`: packed, its features are those of what is inside. */
  readonly packing: "none" | "opened" | "closed";
}

export function noRule(code: NoRule["gaveUp"]["code"], why: string): NoRule {
  return { gaveUp: { code, why } };
}
