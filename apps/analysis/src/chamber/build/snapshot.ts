import { mkdtemp, open, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ThymusError } from "@thymus/contracts";
import { inputDisk, MEMORY_MIB, MIB, outputDisk } from "../layout.ts";
import { machineArguments } from "../machine/arguments.ts";
import { startMachine } from "../machine/process.ts";
import type { ChamberPaths } from "../paths.ts";

/** Seconds until the guest must be ready; a boot under emulation takes 2 to 10, on a busy machine more. */
const BOOT_SECONDS = 180;

/** QEMU ends with the builder, however that one ends. */
const withParent = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/"];

/** An empty disk of the given size that takes no space. */
export async function sparseFile(path: string, size: number): Promise<void> {
  await (await open(path, "wx", 0o600)).close();
  await truncate(path, size);
}

/** Boots the guest until it waits for a sample, and saves its memory and its devices' state. */
export async function buildSnapshot(paths: ChamberPaths, signal: AbortSignal | undefined): Promise<void> {
  const temp = await mkdtemp(join(paths.temp, "snapshot-"));
  const files = {
    kernel: paths.kernel,
    initramfs: paths.initramfs,
    root: paths.root,
    memory: join(temp, "memory"),
    input: join(temp, "input"),
    output: join(temp, "output"),
  };
  const state = join(temp, "state");
  await sparseFile(files.memory, MEMORY_MIB * MIB);
  await sparseFile(files.input, inputDisk.size);
  await sparseFile(files.output, outputDisk.size);
  await sparseFile(state, 0);
  const args = machineArguments(files, { accelerator: "tcg", share: "on", incoming: false });
  // Only here QEMU may start a process: the one that takes its state. It has met no sample yet.
  const machine = startMachine(
    [...withParent, "qemu-system-x86_64", ...args.map((arg) => arg.replace("spawn=deny", "spawn=allow"))],
    null,
  );
  const timer = setTimeout(() => machine.kill(), BOOT_SECONDS * 1000);
  const abort = () => machine.kill();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    if (signal?.aborted) machine.kill();
    await Promise.race([boot(), machine.ended.then(() => gone())]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    machine.kill();
    await machine.ended;
  }
  for (const path of [files.memory, state]) {
    const file = await open(path, "r+");
    await file.sync();
    await file.close();
  }
  await rename(files.memory, paths.memory);
  await rename(state, paths.state);
  await rm(temp, { recursive: true, force: true });

  async function boot(): Promise<void> {
    await machine.qmp.open();
    await machine.hear("READY");
    await sleep(300);
    const capabilities = ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true }));
    await machine.qmp.command("stop");
    await machine.qmp.command("migrate-set-capabilities", { capabilities });
    const saved = machine.qmp.migrated();
    await machine.qmp.command("migrate", { uri: `exec:cat >'${state.replaceAll("'", `'\\''`)}'` });
    await saved;
    if ((await stat(state)).size === 0) gone();
  }
  function gone(): never {
    if (signal?.aborted)
      throw new ThymusError(
        "INTERRUPTED",
        "the chamber's build was interrupted",
        "run it again: it goes on where it was",
      );
    throw new ThymusError(
      "CHAMBER_FAILED",
      `the guest did not start: ${machine.complaint}`,
      "see: thymus doctor",
    );
  }
}
