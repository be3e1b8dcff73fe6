import { findPattern, parsePattern } from "@thymus/repair";
import { view } from "../infection/bytes.ts";

/** A constant run; `hex` may hold `??` where single bytes vary between constant ones. */
export interface Candidate {
  readonly hex: string;
  /** Offset in the reference body, by which strings are spread over the payload. */
  readonly at: number;
  readonly length: number;
  readonly logProbability: number;
}

export function candidateBytes(candidate: Candidate): Uint8Array | null {
  return candidate.hex.includes("?") ? null : new Uint8Array(Buffer.from(candidate.hex, "hex"));
}

export function occursIn(candidate: Candidate, bytes: Uint8Array): boolean {
  if (!candidate.hex.includes("?")) return view(bytes).includes(Buffer.from(candidate.hex, "hex"));
  return findPattern(parsePattern(candidate.hex), bytes) >= 0;
}

export function overlaps(a: Candidate, b: Candidate): boolean {
  return a.at < b.at + b.length && b.at < a.at + a.length;
}
