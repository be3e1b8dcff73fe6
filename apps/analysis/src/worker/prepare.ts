/** What a worker is told before it has a job: make everything ready that does not depend on the sample. */
import { z } from "zod";

export const PrepareOrder = z.strictObject({
  prepare: z.strictObject({
    chamberDir: z.string(),
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
