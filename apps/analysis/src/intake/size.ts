/** How much this machine can do at once. */
import { availableParallelism, freemem } from "node:os";

/** Bytes that one analysis may take: its chambers, its worker, the goodware model. */
const ANALYSIS_BYTES = 1.5 * 1024 ** 3;

/** Analyses at the same time: one a processor, as far as the free memory goes. */
export const analysisWorkers = (): number =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / ANALYSIS_BYTES)));
