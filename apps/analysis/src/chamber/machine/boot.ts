/** Boots the guest from its kernel until it waits for a sample. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { sparseFile } from "../build/disk.ts";
import { inputDisk, MEMORY_MIB, MIB, outputDisk } from "../layout.ts";
import type { ChamberPaths } from "../paths.ts";
import { type Accelerator, type MachineFiles, machineArguments } from "./arguments.ts";
import { type Machine, startMachine } from "./process.ts";

/** QEMU ends with whoever started it, however that one ends. */
const withParent = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/"];

export interface Booted {
  readonly machine: Machine;
  readonly files: MachineFiles;
  /** Folder of memory and disks; the caller removes it. */
  readonly folder: string;
  /** Wall-clock seconds from the start of the process to the guest's word. */
  readonly seconds: number;
}

/**
 * Boots. The guest has met no sample, so it needs no sandbox.
 * @param limit wall-clock seconds
 * @returns what it complained of, as text, where it did not come up in time
 */
export async function bootGuest(
  paths: ChamberPaths,
  options: { parent: string; accelerator: Accelerator; limit: number; signal?: AbortSignal | undefined },
): Promise<Booted | string> {
  const started = performance.now();
  const folder = await mkdtemp(join(options.parent, "boot-"));
  const files = {
    kernel: paths.kernel,
    initramfs: paths.initramfs,
    root: paths.root,
    memory: join(folder, "memory"),
    input: join(folder, "input"),
    output: join(folder, "output"),
  };
  await sparseFile(files.memory, MEMORY_MIB * MIB);
  await sparseFile(files.input, inputDisk.size);
  await sparseFile(files.output, outputDisk.size);
  const { accelerator } = options;
  const args = machineArguments(files, { accelerator, share: "on", incoming: false });
  // Only here QEMU may start a process: the one that takes its state.
  const machine = startMachine(
    [...withParent, "qemu-system-x86_64", ...args.map((arg) => arg.replace("spawn=deny", "spawn=allow"))],
    null,
  );
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    machine.kill();
  }, options.limit * 1000);
  const abort = () => machine.kill();
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) machine.kill();
  const up = await Promise.race([machine.hear("READY").then(() => true), machine.ended.then(() => false)]);
  clearTimeout(timer);
  options.signal?.removeEventListener("abort", abort);
  if (up) return { machine, files, folder, seconds: (performance.now() - started) / 1000 };
  machine.kill();
  await machine.ended;
  await rm(folder, { recursive: true, force: true });
  return `${late ? `not up after ${options.limit} seconds` : "it ended"}: ${machine.complaint || "no message"}`;
}
