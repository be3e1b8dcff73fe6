import { readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

/** File systems that lie on this machine and keep a time of change that nobody can set: ext2-4, xfs, btrfs, f2fs, zfs, bcachefs, jfs. */
const KEEPING = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x3153464a]);
const OVERLAY = 0x794c7630;

/**
 * Whether a file's device, number, size and times tell its content on this file system. Not where another machine may write (network
 * file systems, FUSE), where pages are never written back (tmpfs: a mapping that is written keeps its time), or where the medium can be
 * taken out and come back as another.
 */
export class Volumes {
  readonly #known = new Map<bigint, boolean>();

  keepIdentity(dev: bigint, path: string): boolean {
    let known = this.#known.get(dev);
    if (known === undefined) {
      known = keeps(dev, path);
      this.#known.set(dev, known);
    }
    return known;
  }
}

function keeps(dev: bigint, path: string): boolean {
  try {
    const { type } = statfsSync(dirname(path));
    return (KEEPING.has(type) || type === OVERLAY) && !isRemovable(dev);
  } catch {
    return false;
  }
}

/** Numbers as the kernel's 64-bit dev_t has them. */
function isRemovable(dev: bigint): boolean {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  for (const part of ["removable", "../removable"]) {
    try {
      if (readFileSync(`/sys/dev/block/${major}:${minor}/${part}`, "latin1").trim() === "1") return true;
    } catch {
      // No block device of its own, or no partition.
    }
  }
  return false;
}
