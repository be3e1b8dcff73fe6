import { ThymusError } from "@thymus/contracts";
import { programDigest } from "./build/program.ts";
import type { Chamber } from "./chamber.ts";
import { findHolder, type Holder } from "./machine/confinement.ts";
import { type ChamberManifest, chamberInfo, qemuVersion, readManifest } from "./manifest.ts";
import { type ChamberPaths, chamberPaths } from "./paths.ts";
import { runInChamber } from "./run/run.ts";

/** A chamber that also tells which sandbox holds its machines. */
export interface HeldChamber extends Chamber {
  readonly holder: Holder;
}

/**
 * Opens a finished chamber. Runs may go on side by side; each takes about 300 MB of memory.
 * @throws ThymusError CHAMBER_NOT_BUILT where there is none, or one that this machine's QEMU cannot restore
 */
export async function openChamber(options: { dataDir: string }): Promise<HeldChamber> {
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
  return chamberOf(paths, manifest, await findHolder());
}

/** For the build itself, which needs runs before all of the chamber is finished. */
export async function openChamberUnchecked(paths: ChamberPaths): Promise<HeldChamber> {
  return chamberOf(paths, await readManifest(paths, "the build"), await findHolder());
}

function chamberOf(paths: ChamberPaths, manifest: ChamberManifest, holder: Holder): HeldChamber {
  const info = chamberInfo(manifest);
  const closing = new AbortController();
  const runs = new Set<Promise<unknown>>();
  return {
    info,
    holder,
    run(run) {
      const signal = run.signal ? AbortSignal.any([run.signal, closing.signal]) : closing.signal;
      const result = runInChamber(paths, info, holder, { ...run, signal });
      runs.add(result);
      result.catch(() => {}).finally(() => runs.delete(result));
      return result;
    },
    async close() {
      closing.abort();
      await Promise.allSettled(runs);
    },
  };
}
