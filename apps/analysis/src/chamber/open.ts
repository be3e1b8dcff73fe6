import { ThymusError } from "@thymus/contracts";
import { chooseAccelerator, savedMachine } from "./accelerator.ts";
import { programDigest } from "./build/program.ts";
import { openBwrapChamber } from "./bwrap/chamber.ts";
import type { Chamber, PreparedChamber } from "./chamber.ts";
import { findHolder, type Holder } from "./machine/confinement.ts";
import { RestoredMachine } from "./machine/restored.ts";
import { type ChamberManifest, chamberInfo, qemuVersion, readManifest } from "./manifest.ts";
import { type ChamberPaths, chamberPaths } from "./paths.ts";
import { type SealedMemory, sealMemory } from "./run/memory.ts";
import { runInChamber } from "./run/run.ts";

/** A chamber that also tells which sandbox holds its machines. */
export interface HeldChamber extends Chamber {
  readonly holder: Holder;
  /**
   * Restores a machine before its sample is there; its disks go to `folder`. The next {@link Chamber.run} takes it too.
   * @throws ThymusError CHAMBER_FAILED
   */
  prepare(folder: string): Promise<PreparedChamber>;
}

export interface OpenOptions {
  readonly dataDir: string;
  /** File descriptor of a sealed memory that this process inherited; it is made here where there is none. */
  readonly memory?: number | undefined;
}

/** A chamber that was opened and prepared ahead for the next who opens it in this process. */
let sharedKernel = false;

/** From here on this process opens the chamber that shares the machine's kernel. Only on somebody's explicit choice. */
export function shareKernelHere(): void {
  sharedKernel = true;
}

let ahead: { dataDir: string; chamber: HeldChamber } | null = null;

/**
 * Opens a finished chamber. Runs may go on side by side; each takes the memory that its guest changes, and the saved
 * memory once.
 * @throws ThymusError CHAMBER_NOT_BUILT where there is none, or one that this machine's QEMU cannot restore
 */
export async function openChamber(options: OpenOptions): Promise<HeldChamber> {
  if (sharedKernel) return sharedChamber(options.dataDir);
  if (ahead?.dataDir === options.dataDir) {
    const { chamber } = ahead;
    ahead = null;
    return chamber;
  }
  const paths = chamberPaths(options.dataDir);
  const manifest = await readManifest(paths, options.dataDir);
  const version = await qemuVersion();
  if (manifest.qemu !== version)
    throw new ThymusError(
      "CHAMBER_NOT_BUILT",
      `the chamber was saved by ${manifest.qemu}, this machine has ${version}`,
      "build it again with: thymus chamber build (only the saved machine is made anew)",
    );
  if (manifest.program !== (await programDigest()))
    throw new ThymusError(
      "CHAMBER_NOT_BUILT",
      `the chamber in ${options.dataDir} was built by another version of Thymus`,
      "build it again with: thymus chamber build (packages are not downloaded again)",
    );
  return chamberOf(paths, manifest, await findHolder(), options.memory);
}

/**
 * Opens a chamber and restores `machines` of it, for the next {@link openChamber} of this process with the same folder.
 * `folder` takes their disks.
 */
export async function openAhead(options: OpenOptions, machines: number, folder: string): Promise<void> {
  const chamber = await openChamber(options);
  await Promise.all(Array.from({ length: machines }, () => chamber.prepare(folder)));
  ahead = { dataDir: options.dataDir, chamber };
}

/** Ends what {@link openAhead} prepared and nobody took. */
export async function closeAhead(): Promise<void> {
  const opened = ahead;
  ahead = null;
  await opened?.chamber.close();
}

async function sharedChamber(dataDir: string): Promise<HeldChamber> {
  const { info, run } = await openBwrapChamber(dataDir);
  const prepare = async () => ({ run, pid: undefined });
  return { info, holder: "own", run, prepare, close: async () => {} };
}

/** For the build itself, which needs runs before all of the chamber is finished. */
export async function openChamberUnchecked(paths: ChamberPaths): Promise<HeldChamber> {
  return chamberOf(paths, await readManifest(paths, "the build"), await findHolder(), undefined);
}

function chamberOf(
  paths: ChamberPaths,
  manifest: ChamberManifest,
  holder: Holder,
  inherited: number | undefined,
): HeldChamber {
  const info = chamberInfo(manifest);
  const accelerator = chooseAccelerator(manifest.kvm);
  const closing = new AbortController();
  const runs = new Set<Promise<unknown>>();
  const ready: RestoredMachine[] = [];
  let memory: Promise<SealedMemory> | null =
    inherited === undefined ? null : Promise.resolve({ fd: inherited, close() {} });
  const start = async (folder: string) => {
    memory ??= sealMemory(savedMachine(paths, accelerator).memory, closing.signal);
    const { fd } = await memory;
    return RestoredMachine.start({ paths, holder, accelerator, memory: fd }, folder);
  };
  const begin: HeldChamber["run"] = (run) => {
    const signal = run.signal ? AbortSignal.any([run.signal, closing.signal]) : closing.signal;
    const result = runInChamber(info, async () => ready.shift() ?? start(run.outputDir), { ...run, signal });
    runs.add(result);
    result.catch(() => {}).finally(() => runs.delete(result));
    return result;
  };
  return {
    info,
    holder,
    run: begin,
    async prepare(folder) {
      const machine = await start(folder);
      try {
        await machine.ready;
      } catch (error) {
        await machine.discard();
        throw error;
      }
      ready.push(machine);
      return {
        run(run) {
          // Ahead of all others that are ready, unless a run took it meanwhile.
          const at = ready.indexOf(machine);
          if (at > 0) ready.unshift(...ready.splice(at, 1));
          return begin(run);
        },
        pid: machine.pid,
      };
    },
    async close() {
      closing.abort();
      await Promise.allSettled(runs);
      await Promise.all(ready.splice(0).map((machine) => machine.discard()));
      await memory?.then(
        (sealed) => sealed.close(),
        () => {},
      );
    },
  };
}
