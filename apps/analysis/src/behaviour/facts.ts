/** What a chamber run shows, as plain facts that verdict rules read. Pure. */
import type { FileType, TraceEvent } from "@thymus/contracts";
import type { ChamberResult } from "../chamber/chamber.ts";

/** A changed decoy with both of its contents; `after` is null where the file is gone. */
export interface ChangedDecoy {
  readonly path: string;
  readonly type: FileType;
  readonly before: Uint8Array;
  readonly after: Uint8Array | null;
}

export interface Facts {
  readonly decoys: number;
  readonly changedPrograms: number;
  readonly changedDocuments: number;
  /** Changed decoys of which most of the host's bytes still stand in the file. */
  readonly hostKept: number;
  /** Changed or missing decoys of which little is left and what stands there looks random. */
  readonly scrambled: number;
  /** Changed decoys of which little is left and what stands there is of low entropy. */
  readonly wiped: number;
  readonly missing: number;
  /** Missing decoys with a dropped file in the same folder whose name begins alike. */
  readonly renamed: number;
  readonly dropped: number;
  readonly ended: ChamberResult["ended"];
  readonly exitStatus: number | null;
  readonly trace: readonly TraceEvent[];
}

const programs = new Set<FileType>(["elf64", "elf32", "shell", "python", "node", "perl", "php"]);

/** Shannon entropy in bits per byte, 0 to 8. */
export function entropy(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]! += 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length);
  return bits;
}

/** Share of the host's 16-byte blocks that still stand somewhere in `after`, 0 to 1. */
export function hostShare(before: Uint8Array, after: Uint8Array): number {
  const size = before.length >= 64 ? 16 : Math.max(1, before.length >> 2);
  const text = Buffer.from(after.buffer, after.byteOffset, after.byteLength);
  let blocks = 0;
  let found = 0;
  const step = Math.max(size, Math.floor(before.length / 256));
  for (let at = 0; at + size <= before.length; at += step) {
    blocks += 1;
    if (text.indexOf(before.subarray(at, at + size)) >= 0) found += 1;
  }
  return blocks === 0 ? 0 : found / blocks;
}

/** Random-looking for its length: a short text can never reach eight bits, so the bar follows the length. */
const looksRandom = (bytes: Uint8Array) =>
  bytes.length >= 32 && entropy(bytes) > Math.min(7.2, Math.log2(bytes.length) * 0.92);

export function gatherFacts(
  result: ChamberResult,
  changed: readonly ChangedDecoy[],
  renamedBytes: ReadonlyMap<string, Uint8Array>,
): Facts {
  let hostKept = 0;
  let scrambled = 0;
  let wiped = 0;
  let renamed = 0;
  for (const { path, before, after } of changed) {
    const found = after ?? renamedBytes.get(path) ?? null;
    if (!after && found) renamed += 1;
    if (!found) continue;
    if (before.length > 0 && hostShare(before, found) >= 0.5) hostKept += 1;
    else if (looksRandom(found) && (entropy(found) > entropy(before) + 0.4 || entropy(before) > 6.5))
      scrambled += 1;
    else if (entropy(found) < 2) wiped += 1;
  }
  return {
    decoys: result.decoys.length,
    changedPrograms: changed.filter((decoy) => programs.has(decoy.type)).length,
    changedDocuments: changed.filter((decoy) => !programs.has(decoy.type)).length,
    hostKept,
    scrambled,
    wiped,
    missing: changed.filter((decoy) => decoy.after === null).length,
    renamed,
    dropped: result.dropped.length,
    ended: result.ended,
    exitStatus: result.exitStatus,
    trace: result.trace,
  };
}

/** For each missing decoy the dropped file that took its place: same folder, name beginning with the decoy's. */
export function matchRenamed(
  missing: readonly string[],
  dropped: readonly { path: string }[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of missing) {
    const stem = path.replace(/\.[^./]+$/, "");
    const heir =
      dropped.find((file) => file.path.startsWith(`${path}.`)) ??
      dropped.find((file) => file.path.startsWith(`${stem}.`) && file.path !== path);
    if (heir) found.set(path, heir.path);
  }
  return found;
}
