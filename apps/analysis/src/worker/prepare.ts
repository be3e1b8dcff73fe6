/** What a worker is told before it has a job: make everything ready that does not depend on the sample. */
import { z } from "zod";

/** `bwrap` shares the machine's kernel: only by explicit choice. */
export const ChamberKind = z.enum(["qemu", "bwrap"]);
export type ChamberKind = z.infer<typeof ChamberKind>;

export const PrepareOrder = z.strictObject({
  prepare: z.strictObject({
    chamberDir: z.string(),
    /** Which chamber every later job of this worker uses. */
    kind: ChamberKind,
    /** Machines to restore. */
    machines: z.number().int().min(0).max(16),
    /** Where their disks go: the worker's writable folder. */
    folder: z.string(),
    /** File descriptor of the saved memory, sealed, that the worker inherited. */
    memory: z.number().int().nullable(),
  }),
});
export type PrepareOrder = z.infer<typeof PrepareOrder>;

/** What the worker says as its progress once it is ready. */
export const READY = "ready for a sample";
