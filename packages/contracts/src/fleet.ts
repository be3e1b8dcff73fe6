/**
 * What the machines of a fleet hold, as far as their package managers vouch for it: digests and sizes of programs, never
 * content, never paths. A machine's files are parted by the first byte of their digest; two sides that hold the same part
 * have the same digest of it, so that only what differs is sent.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Count } from "./common.ts";
import { Sha256 } from "./ids.ts";

export const FLEET_PARTS = 256;
/** Most files of one part: what one message carries. */
export const MAX_PART_FILES = 4096;

export const VouchedFile = z.strictObject({ sha256: Sha256, size: Count });
export type VouchedFile = z.infer<typeof VouchedFile>;

/** The part that a content belongs to, from 0. */
export const partOf = (sha256: string): number => Number.parseInt(sha256.slice(0, 2), 16);

/** Digest of the files of one part, in whatever order; null where there are none. */
export function partDigest(files: readonly VouchedFile[]): Sha256 | null {
  if (files.length === 0) return null;
  const lines = files.map(({ sha256, size }) => `${sha256} ${size}\n`).sort();
  return createHash("sha256").update(lines.join("")).digest("hex") as Sha256;
}

/** How common a content is: machines that hold it as their package manager vouches for it, of those that tell what they hold. */
export const FleetCount = z.strictObject({ machines: Count, of: Count });
export type FleetCount = z.infer<typeof FleetCount>;
