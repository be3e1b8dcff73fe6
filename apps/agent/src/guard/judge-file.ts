import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { Prescription } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { sha256Of } from "../files/regular.ts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import type { ConfinedJudge } from "../scanning/confined-judge.ts";
import { identityOfStat } from "./identity.ts";

export interface Judged {
  /** The active prescription that finds the file, or null. */
  readonly found: Prescription | null;
  /** True where nothing was found out: in time, or at all. */
  readonly unsure: boolean;
  /** Identity of what was looked at; null where it changed meanwhile, or nothing was found out. */
  readonly identity: string | null;
}

export interface JudgeOptions {
  readonly active: ActivePrescriptions;
  readonly judge: ConfinedJudge;
  readonly maxBytes: number;
  /** Milliseconds after which an answer is of no use. */
  readonly deadlineMs: number;
}

/**
 * Looks into a file that somebody waits for, through the descriptor of the answering process: it is the very file that is
 * being opened, whatever lies at its path by now. Without active prescriptions nothing is read. What is in there is read by a
 * confined process, by this one only where no such process can be had.
 * @throws Error of the file system, e.g. ENOENT where nobody waits any more
 */
export async function judgeFile(
  { active, deadlineMs, judge, maxBytes }: JudgeOptions,
  { open: link, path }: { open: string; path: string },
): Promise<Judged> {
  const handle = await open(link, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOATIME);
  try {
    const before = await handle.stat({ bigint: true });
    const identity = identityOfStat(before);
    // What is too large to be submitted or repaired is too large to be known by a prescription.
    if (active.ids.length === 0 || !before.isFile() || before.size > maxBytes)
      return { found: null, unsure: false, identity };
    const verdict = judge.works
      ? await judge.scanOne({ fd: handle.fd, path, identity }, { deadlineMs })
      : await judgeHere(active, handle, Number(before.size), path);
    if (verdict === "unsure") return { found: null, unsure: true, identity: null };
    const same = identityOfStat(await handle.stat({ bigint: true })) === identity;
    return { ...verdict, unsure: false, identity: same ? identity : null };
  } finally {
    await handle.close();
  }
}

async function judgeHere(active: ActivePrescriptions, handle: FileHandle, size: number, path: string) {
  const bytes = await readAll(handle, size);
  return { found: active.find(bytes, identifyFile(bytes, basename(path)), sha256Of(bytes)) };
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
