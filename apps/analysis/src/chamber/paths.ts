import { join } from "node:path";

/** Format of the finished artefacts; another number makes the chamber be built anew. */
export const CHAMBER_FORMAT = 2;

/** Where the finished artefacts of a chamber lie. Each appears by a rename, so what exists is whole. */
export function chamberPaths(dataDir: string) {
  return {
    root: join(dataDir, "root.squashfs"),
    packages: join(dataDir, "packages"),
    kernel: join(dataDir, "kernel"),
    initramfs: join(dataDir, "initramfs"),
    memory: join(dataDir, "memory"),
    state: join(dataDir, "state"),
    memoryKvm: join(dataDir, "memory.kvm"),
    stateKvm: join(dataDir, "state.kvm"),
    probe: join(dataDir, "kvm.json"),
    manifest: join(dataDir, "manifest.json"),
    pool: join(dataDir, "pool"),
    poolList: join(dataDir, "pool.json"),
    lock: join(dataDir, "lock"),
    temp: join(dataDir, "temp"),
  };
}
export type ChamberPaths = ReturnType<typeof chamberPaths>;
