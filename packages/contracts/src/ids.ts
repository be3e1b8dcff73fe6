/**
 * Branded identifiers: a case id can never be passed where a machine id is wanted.
 * All are lower-case text that is safe in file names and URLs.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";

/** Lower-case hex SHA-256 of some bytes (64 characters). */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits")
  .brand<"Sha256">();
export type Sha256 = z.infer<typeof Sha256>;

const suffix = "[a-z0-9]{1,40}";
const prefixed = <B extends string>(prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}-${suffix}$`), `expected ${prefix}- and up to 40 letters or digits`)
    .brand<B>();

export const CaseId = prefixed<"CaseId">("case");
export type CaseId = z.infer<typeof CaseId>;
export const MachineId = prefixed<"MachineId">("machine");
export type MachineId = z.infer<typeof MachineId>;
export const PrescriptionId = prefixed<"PrescriptionId">("rx");
export type PrescriptionId = z.infer<typeof PrescriptionId>;
export const QuarantineId = prefixed<"QuarantineId">("q");
export type QuarantineId = z.infer<typeof QuarantineId>;
export const ObservationId = prefixed<"ObservationId">("obs");
export type ObservationId = z.infer<typeof ObservationId>;
export const SuspicionId = prefixed<"SuspicionId">("sus");
export type SuspicionId = z.infer<typeof SuspicionId>;
export const ExperimentId = prefixed<"ExperimentId">("exp");
export type ExperimentId = z.infer<typeof ExperimentId>;
export const LicenceId = prefixed<"LicenceId">("lic");
export type LicenceId = z.infer<typeof LicenceId>;
/** A process tree that an agent stopped. */
export const StopId = prefixed<"StopId">("stop");
export type StopId = z.infer<typeof StopId>;
export const DrillId = prefixed<"DrillId">("drill");
export type DrillId = z.infer<typeof DrillId>;

/** A family name: what recognises related samples, e.g. `sh.prepend.3f9a1c`. */
export const Family = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "expected lower-case letters, digits, dot, dash, underscore")
  .brand<"Family">();
export type Family = z.infer<typeof Family>;

const idKinds = {
  case: CaseId,
  machine: MachineId,
  rx: PrescriptionId,
  q: QuarantineId,
  obs: ObservationId,
  sus: SuspicionId,
  exp: ExperimentId,
  lic: LicenceId,
  drill: DrillId,
  stop: StopId,
} as const;
type IdKinds = typeof idKinds;

/** A new identifier of 80 random bits, e.g. `newId("case")` gives `case-8f3k...`. */
export function newId<K extends keyof IdKinds>(kind: K): z.infer<IdKinds[K]> {
  const alphabet = "0123456789abcdefghijklmnopqrstuv";
  const text = Array.from(randomBytes(16), (byte) => alphabet[byte & 31]).join("");
  return idKinds[kind].parse(`${kind}-${text}`) as z.infer<IdKinds[K]>;
}
