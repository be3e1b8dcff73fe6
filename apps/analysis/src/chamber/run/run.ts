/** One run: hands a restored machine the sample, waits within the time, reads what came back. */
import { type ChamberInfo, ThymusError } from "@thymus/contracts";
import type { ChamberResult, ChamberRun } from "../chamber.ts";
import type { RestoredMachine } from "../machine/restored.ts";
import { type GuestLimits, writeInput } from "./input.ts";
import { readOutput } from "./output.ts";

/** Shares a budget (seconds of the host) among the parts of a run; what is left covers restoring and packing. */
export function guestLimits(budget: number): GuestLimits {
  const usable = Math.max(1, budget - Math.min(6, budget * 0.3));
  const touch = Math.max(1, Math.min(20, usable * 0.3));
  const quiet = Math.min(2, usable * 0.1);
  return { sample: Math.max(1, Math.floor(usable - touch - quiet)), touch: Math.ceil(touch), quiet };
}

/**
 * What the host grants beyond the budget before it ends a guest of which then nothing is known: on a busy machine a guest
 * that was flooded needs long to pack what it saw.
 */
const PACKING_SECONDS = 30;

const interrupted = () => new ThymusError("INTERRUPTED", "the chamber run was interrupted", "run it again");

/** @param take gives the machine of this run, which is thrown away with it */
export async function runInChamber(
  info: ChamberInfo,
  take: () => Promise<RestoredMachine>,
  run: ChamberRun,
): Promise<ChamberResult> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  if (run.signal?.aborted) throw interrupted();
  let machine: RestoredMachine | null = null;
  let overtime = false;
  const timer = setTimeout(
    () => {
      overtime = true;
      machine?.kill();
    },
    (run.budgetSeconds + PACKING_SECONDS) * 1000,
  );
  const abort = () => machine?.kill();
  run.signal?.addEventListener("abort", abort, { once: true });
  try {
    machine = await take();
    await writeInput(machine.input, run, guestLimits(run.budgetSeconds));
    if (run.signal?.aborted) throw interrupted();
    if (overtime) machine.kill();
    if (run.onStarted) machine.started.then(run.onStarted);
    const gone = machine.go().then(
      () => null,
      (error: unknown) => error,
    );
    await machine.ended;
    if (run.signal?.aborted) throw interrupted();
    if (overtime) return { chamber: info, ...nothing(run), seconds: seconds() };
    const error = await gone;
    if (error) throw error;
    const result = await readOutput(machine.output, run.outputDir, run.decoys.decoys).catch(
      (error: unknown) => {
        if (!(error instanceof ThymusError)) throw error;
        throw new ThymusError(error.code, `${error.message} (${machine!.complaint})`, error.hint, {
          cause: error,
        });
      },
    );
    return { chamber: info, ...result, seconds: seconds() };
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener("abort", abort);
    await machine?.discard();
  }
}

/** What is known of a run whose guest had to be ended by the host: nothing of it can be trusted or read. */
function nothing(run: ChamberRun): Omit<ChamberResult, "chamber" | "seconds"> {
  return {
    ended: "host-timeout",
    exitStatus: null,
    trace: [],
    traceLost: 0,
    decoys: run.decoys.decoys.map((decoy) => ({ decoy, state: "unchanged", after: null })),
    dropped: [],
    network: [],
    networkLost: 0,
    published: [],
    output: "",
  };
}
