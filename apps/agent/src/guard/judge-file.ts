import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { Prescription } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { sha256Of } from "../files/regular.ts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import { identityOfStat } from "./identity.ts";

export interface Judged {
  /** The active prescription that finds the file, or null. */
  readonly found: Prescription | null;
  /** Identity of what was looked at; null where it changed meanwhile. */
  readonly identity: string | null;
}

/**
 * Looks into a file that somebody waits for, through the descriptor of the answering process: it is the very file that is
 * being opened, whatever lies at its path by now. Without active prescriptions nothing is read.
 * @throws Error of the file system, e.g. ENOENT where nobody waits any more
 */
export async function judgeFile(
  active: ActivePrescriptions,
  { open: link, path }: { open: string; path: string },
  maxBytes: number,
): Promise<Judged> {
  const handle = await open(link, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOATIME);
  try {
    const before = await handle.stat({ bigint: true });
    const identity = identityOfStat(before);
    // What is too large to be submitted or repaired is too large to be known by a prescription.
    if (active.ids.length === 0 || !before.isFile() || before.size > maxBytes)
      return { found: null, identity };
    const bytes = await readAll(handle, Number(before.size));
    const same = identityOfStat(await handle.stat({ bigint: true })) === identity;
    const found = active.find(bytes, identifyFile(bytes, basename(path)), sha256Of(bytes));
    return { found, identity: same ? identity : null };
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(buffer, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
