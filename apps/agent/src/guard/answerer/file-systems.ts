import { fileSystem } from "./calls.ts";

/**
 * File systems whose files the kernel opens without asking a process or another machine: elsewhere (network, FUSE) an event
 * could not be read before somebody answered who may himself wait for us. Overlays are guarded by what lies below them.
 * Their times are fine enough to tell two contents apart, which those of FAT are not.
 */
const local = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0xf2f52010, "f2fs"],
  [0x01021994, "tmpfs"],
  [0x2fc12fc1, "zfs"],
  [0xca451a4e, "bcachefs"],
]);

/** @returns null where files there can be asked about, or why not. @param path ends with a zero byte */
export function localFileSystem(path: Uint8Array): string | null {
  const facts = fileSystem(path);
  if (!facts) return "it is missing";
  return local.has(facts.type) ? null : `its file system (0x${facts.type.toString(16)}) is not a local one`;
}
