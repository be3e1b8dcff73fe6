import type { JobSettings } from "../scan/protocol.ts";

/** File descriptors that a worker is started with, beside the standard ones. */
export const CHANNEL_FD = 3;
export const PROGRESS_FD = 4;

export interface ConfinedSettings {
  readonly job: JobSettings;
  /** Work behind everything else on the machine. */
  readonly idle: boolean;
}
