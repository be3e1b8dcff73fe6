/** One run: restores the saved machine, hands it the sample, waits within the time, reads what came back. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ChamberInfo, ThymusError } from "@thymus/contracts";
import { sparseFile } from "../build/snapshot.ts";
import type { ChamberResult, ChamberRun } from "../chamber.ts";
import { outputDisk } from "../layout.ts";
import { machineArguments } from "../machine/arguments.ts";
import { confinedMachine, type Holder, inside } from "../machine/confinement.ts";
import { type Machine, startMachine } from "../machine/process.ts";
import type { ChamberPaths } from "../paths.ts";
import { type GuestLimits, writeInput } from "./input.ts";
import { copyMemory } from "./memory.ts";
import { readOutput } from "./output.ts";

/** Shares a budget (seconds of the host) among the parts of a run; what is left covers restoring and packing. */
export function guestLimits(budget: number): GuestLimits {
  const usable = Math.max(1, budget - Math.min(6, budget * 0.3));
  const touch = Math.max(1, Math.min(20, usable * 0.3));
  const quiet = Math.min(2, usable * 0.1);
  return { sample: Math.max(1, Math.floor(usable - touch - quiet)), touch: Math.ceil(touch), quiet };
}

const interrupted = () => new ThymusError("INTERRUPTED", "the chamber run was interrupted", "run it again");

export async function runInChamber(
  paths: ChamberPaths,
  info: ChamberInfo,
  holder: Holder,
  run: ChamberRun,
): Promise<ChamberResult> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  if (run.signal?.aborted) throw interrupted();
  const work = await mkdtemp(join(run.outputDir, ".run-"));
  let machine: Machine | null = null;
  let overtime = false;
  const timer = setTimeout(() => {
    overtime = true;
    machine?.kill();
  }, run.budgetSeconds * 1000);
  const abort = () => machine?.kill();
  run.signal?.addEventListener("abort", abort, { once: true });
  try {
    const limits = guestLimits(run.budgetSeconds);
    await Promise.all([
      writeInput(join(work, "input"), run, limits),
      sparseFile(join(work, "output"), outputDisk.size),
      copyMemory(paths.memory, join(work, "memory"), run.signal),
    ]);
    if (run.signal?.aborted) throw interrupted();
    machine = startMachine(command(paths, work, holder), paths.state);
    if (overtime) machine.kill();
    const restored = restore(machine);
    restored.catch(() => {});
    await machine.ended;
    if (run.signal?.aborted) throw interrupted();
    if (overtime) return { chamber: info, ...nothing(run), seconds: seconds() };
    await restored.catch((error: ThymusError) => {
      throw new ThymusError("CHAMBER_FAILED", `${error.message}: ${machine!.complaint}`, error.hint, {
        cause: error,
      });
    });
    const result = await readOutput(join(work, "output"), run.outputDir, run.decoys.decoys).catch(
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
    if (machine) {
      machine.kill();
      await machine.ended;
    }
    await rm(work, { recursive: true, force: true });
  }
}

function command(paths: ChamberPaths, work: string, holder: Holder): string[] {
  const [image, folder] = holder === "own" ? [inside, inside.run] : [paths, work];
  const { kernel, initramfs, root } = image;
  const own = {
    memory: join(folder, "memory"),
    input: join(folder, "input"),
    output: join(folder, "output"),
  };
  const files = { kernel, initramfs, root, ...own };
  const args = machineArguments(files, { accelerator: "tcg", share: "off", incoming: true });
  return [...(holder === "own" ? confinedMachine(paths, work) : []), "qemu-system-x86_64", ...args];
}

async function restore(machine: Machine): Promise<void> {
  await machine.qmp.open();
  const capabilities = ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true }));
  await machine.qmp.command("migrate-set-capabilities", { capabilities });
  const restored = machine.qmp.migrated();
  await machine.qmp.command("migrate-incoming", { uri: "fd:5" });
  await restored;
  await machine.qmp.command("cont");
  machine.say(`${Math.floor(Date.now() / 1000)} ${randomBytes(32).toString("hex")}\n`);
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
