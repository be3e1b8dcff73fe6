import { existsSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asThymusError, ThymusError } from "@thymus/contracts";
import { KVM_DEVICE, type KvmProbe, savedMachine, thisProcessor } from "../accelerator.ts";
import type { Accelerator } from "../machine/arguments.ts";
import { type Booted, bootGuest } from "../machine/boot.ts";
import type { ChamberPaths } from "../paths.ts";
import { sparseFile } from "./disk.ts";

/** Seconds until the guest must be ready; boot and warming under emulation take about 30, on a busy machine many times that. */
const BOOT_SECONDS = 900;
/** Seconds for the same with the processor's own help, which takes a few where it works. */
const PROBE_SECONDS = 30;

/** Boots the guest until it waits for a sample, and saves its memory and its devices' state. */
export async function buildSnapshot(
  paths: ChamberPaths,
  accelerator: Accelerator,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limit = accelerator === "kvm" ? PROBE_SECONDS : BOOT_SECONDS;
  const booted = await bootGuest(paths, { parent: paths.temp, accelerator, limit, signal });
  if (typeof booted === "string") throw gone(booted, signal);
  try {
    await Promise.race([
      save(booted),
      booted.machine.ended.then(() => gone(booted.machine.complaint, signal)),
    ]).then((error) => {
      if (error) throw error;
    });
    booted.machine.kill();
    await booted.machine.ended;
    const state = join(booted.folder, "state");
    for (const path of [booted.files.memory, state]) {
      const file = await open(path, "r+");
      await file.sync();
      await file.close();
    }
    const saved = savedMachine(paths, accelerator);
    await rename(booted.files.memory, saved.memory);
    await rename(state, saved.state);
  } finally {
    booted.machine.kill();
    await booted.machine.ended;
    await rm(booted.folder, { recursive: true, force: true });
  }
}

/**
 * Finds out whether KVM works here, by booting with it: the device alone says little. Where it does, that machine is
 * saved too.
 */
export async function probeKvm(paths: ChamberPaths, signal: AbortSignal | undefined): Promise<KvmProbe> {
  const cpu = thisProcessor();
  if (!existsSync(KVM_DEVICE)) return { works: false, why: `there is no ${KVM_DEVICE}`, cpu };
  try {
    await buildSnapshot(paths, "kvm", signal);
    return { works: true, why: null, cpu };
  } catch (thrown) {
    const error = asThymusError(thrown);
    if (error.code === "INTERRUPTED") throw error;
    return { works: false, why: error.message.slice(0, 512), cpu };
  }
}

async function save({ machine, folder }: Booted): Promise<ThymusError | null> {
  const state = join(folder, "state");
  await sparseFile(state, 0);
  await machine.qmp.open();
  await sleep(300);
  const capabilities = ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true }));
  await machine.qmp.command("stop");
  await machine.qmp.command("migrate-set-capabilities", { capabilities });
  const saved = machine.qmp.migrated();
  await machine.qmp.command("migrate", { uri: `exec:cat >'${state.replaceAll("'", `'\\''`)}'` });
  await saved;
  return (await stat(state)).size === 0 ? gone(machine.complaint, undefined) : null;
}

function gone(complaint: string, signal: AbortSignal | undefined): ThymusError {
  return signal?.aborted
    ? new ThymusError(
        "INTERRUPTED",
        "the chamber's build was interrupted",
        "run it again: it goes on where it was",
      )
    : new ThymusError("CHAMBER_FAILED", `the guest did not start: ${complaint}`, "see: thymus doctor");
}
