/** What every bundle has: its shape, and who made it. */
import { objectId } from "./identifiers.ts";
import type { Observable } from "./observables.ts";

export interface StixObject {
  readonly type: string;
  readonly id: string;
  readonly [property: string]: unknown;
}
export interface StixBundle {
  readonly type: "bundle";
  readonly id: string;
  readonly objects: readonly (StixObject | Observable)[];
}

/** Objects that say the same in every case never change. */
export const ALWAYS = "2026-01-01T00:00:00.000Z";
export const producer: StixObject = {
  type: "identity",
  spec_version: "2.1",
  id: objectId("identity", "thymus"),
  created: ALWAYS,
  modified: ALWAYS,
  name: "Thymus",
  description: "An open-source digital immune system.",
  identity_class: "system",
};
