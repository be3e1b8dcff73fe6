import type { LinkRequest } from "@thymus/contracts";

/** Largest sealed message in bytes, but for those that carry files, a report, or what became of each file of a machine. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Largest sealed message of all: a web server before `openLinkRequest` must let bodies of this size pass. */
export const MAX_LARGE_MESSAGE_BYTES = 8 * 1024 * 1024;
/** Largest sealed header of an upload in characters; below the 16 KiB that HTTP servers take for all headers. */
export const MAX_SEAL_HEADER_CHARACTERS = 4096;
/** How far the clocks of two machines may differ, both ways, in milliseconds. */
export const CLOCK_WINDOW_MS = 10 * 60 * 1000;
/** How long `seen` must remember a nonce at least: after that its instant lies outside the window. In milliseconds. */
export const NONCE_MEMORY_MS = 2 * CLOCK_WINDOW_MS;

const LARGE: ReadonlySet<string> = new Set<LinkRequest["type"]>(["publish", "analysed", "outcome"]);

/** Bytes that a sealed message of this type may have. */
export function messageLimit(type: string): number {
  return LARGE.has(type) ? MAX_LARGE_MESSAGE_BYTES : MAX_MESSAGE_BYTES;
}
