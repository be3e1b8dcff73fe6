/** The process that `guard.ts` starts: one piece of work, one answer. */
import { asThymusError } from "@thymus/contracts";
import { type MeasureWork, measure } from "./measure.ts";
import { prepare, type Work } from "./prepare.ts";

process.once("message", async (work: Work | MeasureWork) => {
  const end = () => process.disconnect?.();
  try {
    process.send!({ done: "measure" in work ? await measure(work) : await prepare(work) }, end);
  } catch (thrown) {
    const { code, message, hint } = asThymusError(thrown);
    process.send!({ error: { code, message, hint } }, end);
  }
});
