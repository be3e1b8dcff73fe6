import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import type { ChamberInfo } from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { readProbe } from "../accelerator.ts";
import { type ChamberManifest, chamberInfo, imageDigest, qemuVersion, readManifest } from "../manifest.ts";
import { CHAMBER_FORMAT, type ChamberPaths, chamberPaths } from "../paths.ts";
import { buildKernel } from "./kernel.ts";
import { takeLock } from "./lock.ts";
import { buildPool } from "./pool.ts";
import { programDigest } from "./program.ts";
import { buildRoot } from "./root.ts";
import { buildSnapshot, probeKvm } from "./snapshot.ts";

export interface BuildOptions {
  /** Folder of the chamber; made where it is missing. */
  readonly dataDir: string;
  /** Called at each step: what it is, how many steps are done, how many there are. */
  readonly onProgress?: (step: string, done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Step {
  readonly name: string;
  readonly done: (paths: ChamberPaths) => boolean;
  readonly run: (
    paths: ChamberPaths,
    signal: AbortSignal | undefined,
    note: (what: string) => void,
  ) => Promise<void>;
}

/** In order. Each leaves whole artefacts by a rename, or nothing: a build that was killed goes on at the next step. */
const steps: readonly Step[] = [
  {
    name: "root file system",
    done: (paths) => existsSync(paths.root) && existsSync(paths.packages),
    run: buildRoot,
  },
  {
    name: "kernel and guest program",
    done: (paths) => existsSync(paths.kernel) && existsSync(paths.initramfs),
    run: buildKernel,
  },
  {
    name: "saved machine",
    done: (paths) => existsSync(paths.memory) && existsSync(paths.state),
    run: (paths, signal) => buildSnapshot(paths, "tcg", signal),
  },
  {
    name: "accelerator probe",
    done: (paths) => readProbe(paths) !== null || existsSync(paths.manifest),
    run: async (paths, signal, note) => {
      const probe = await probeKvm(paths, signal);
      note(probe.works ? "KVM works" : `no KVM (${probe.why})`);
      await writeFileAtomic(paths.probe, `${JSON.stringify(probe)}\n`);
    },
  },
  {
    name: "manifest",
    done: (paths) => existsSync(paths.manifest),
    run: async (paths) => {
      const manifest: ChamberManifest = {
        format: CHAMBER_FORMAT,
        image: await imageDigest(paths),
        accelerator: "tcg",
        kvm: readProbe(paths) ?? undefined,
        qemu: await qemuVersion(),
        program: await programDigest(),
      };
      await writeFileAtomic(paths.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
    },
  },
  { name: "pool of programs for decoys", done: (paths) => existsSync(paths.poolList), run: buildPool },
];

/**
 * Makes the chamber from the distribution's packages, once; where it is finished, only reads what it is.
 * @throws ThymusError TOOL_MISSING, TOOL_FAILED, CHAMBER_FAILED, INTERRUPTED, or CONFLICT while another build runs
 */
export async function buildChamber(options: BuildOptions): Promise<ChamberInfo> {
  const paths = chamberPaths(options.dataDir);
  const finished = await finishedChamber(paths, options.dataDir);
  if (finished) return chamberInfo(finished);
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const release = await takeLock(paths.lock, `the chamber in ${options.dataDir} is being built`);
  try {
    await rm(paths.temp, { recursive: true, force: true });
    await mkdir(paths.temp, { mode: 0o755 });
    await dropStale(paths, options.dataDir);
    for (const [index, step] of steps.entries()) {
      if (step.done(paths)) continue;
      options.onProgress?.(step.name, index, steps.length);
      const note = (what: string) => options.onProgress?.(`${step.name}: ${what}`, index, steps.length);
      await step.run(paths, options.signal, note);
      await failpoint(`chamber.build.${step.name.split(" ")[0]}`);
    }
    options.onProgress?.("done", steps.length, steps.length);
    return chamberInfo(await readManifest(paths, options.dataDir));
  } finally {
    await rm(paths.temp, { recursive: true, force: true });
    await release();
  }
}

/**
 * What a chamber that lacks nothing says of itself, or null; null also where a build runs, or was killed and left its temporary
 * folder. Several may ask at once: nothing is locked.
 */
async function finishedChamber(paths: ChamberPaths, dataDir: string): Promise<ChamberManifest | null> {
  if (existsSync(paths.temp) || !steps.every((step) => step.done(paths))) return null;
  const manifest = await readManifest(paths, dataDir).catch(() => null);
  if (manifest?.program !== (await programDigest())) return null;
  return manifest.qemu === (await qemuVersion()) ? manifest : null;
}

/** A saved machine fits one QEMU and one guest program only; a chamber of another format nothing at all. */
async function dropStale(paths: ChamberPaths, dataDir: string): Promise<void> {
  const manifest = await readManifest(paths, dataDir).catch(() => null);
  const drop = (...names: string[]) =>
    Promise.all(names.map((name) => rm(name, { recursive: true, force: true })));
  const saved = [paths.manifest, paths.memory, paths.state, paths.memoryKvm, paths.stateKvm, paths.probe];
  if (manifest && manifest.program !== (await programDigest()))
    await drop(...saved, paths.kernel, paths.initramfs);
  else if (manifest && manifest.qemu !== (await qemuVersion())) await drop(...saved);
  else if (!manifest && existsSync(paths.manifest))
    await drop(
      ...[...saved, paths.kernel, paths.initramfs],
      ...[paths.root, paths.packages, paths.poolList, paths.pool],
    );
}
