/** Which of the processor's ways a chamber's machines use, by what the probe at its build found. */
import { accessSync, constants, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { z } from "zod";
import type { Accelerator } from "./machine/arguments.ts";
import { type ChamberPaths, chamberPaths } from "./paths.ts";

/** What came of booting the guest with KVM, within a time limit. */
export const KvmProbe = z.strictObject({
  works: z.boolean(),
  /** Why not, in the words of QEMU or ours. */
  why: z.string().max(512).nullable(),
  /** Processor that the saved state fits. */
  cpu: z.string().max(256),
});
export type KvmProbe = z.infer<typeof KvmProbe>;

export const thisProcessor = (): string => (cpus()[0]?.model ?? "unknown").slice(0, 256);
export const KVM_DEVICE = "/dev/kvm";

/** KVM only where the probe booted with it, on the same processor, and this process may use it now. */
export function chooseAccelerator(probe: KvmProbe | undefined): Accelerator {
  if (!probe?.works || probe.cpu !== thisProcessor()) return "tcg";
  try {
    accessSync(KVM_DEVICE, constants.R_OK | constants.W_OK);
    return "kvm";
  } catch {
    return "tcg";
  }
}

/** The saved machine of an accelerator: a state fits only the one that it was saved under. */
export const savedMachine = (paths: ChamberPaths, accelerator: Accelerator) =>
  accelerator === "kvm"
    ? { memory: paths.memoryKvm, state: paths.stateKvm }
    : { memory: paths.memory, state: paths.state };

/** What the last build's probe found; null where there was none. */
export function readProbe(paths: ChamberPaths): KvmProbe | null {
  try {
    return KvmProbe.parse(JSON.parse(readFileSync(paths.probe, "utf8")));
  } catch {
    return null;
  }
}

/** What the chamber in this folder runs its machines with. */
export const acceleratorOf = (chamberDir: string): Accelerator =>
  chooseAccelerator(readProbe(chamberPaths(chamberDir)) ?? undefined);
