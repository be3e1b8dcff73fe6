import type { MachineId } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts";
import type { LinkKeys } from "../keys/link-keys.ts";
import { CLOCK_WINDOW_MS } from "./limits.ts";

/** What the server knows when it opens a message. */
export interface OpenOptions {
  readonly keys: LinkKeys;
  /** The server's clock; left out: the system's. */
  readonly now?: Date | number | (() => Date | number) | undefined;
  /** Ed25519 public key (raw, base64url) that the machine enrolled with; null where it is unknown or withdrawn. */
  publicKeyOf(machine: MachineId): Promise<string | null>;
  /**
   * Records a nonce and answers whether it was there before, in one step (a unique index does it). It must remember for
   * NONCE_MEMORY_MS. Only called for messages whose signature is right. `at` is the message's own ISO instant.
   */
  seen(nonce: string, at: string): Promise<boolean>;
}

/** @throws ThymusError UNAUTHENTICATED */
export async function enrolledKey(machine: MachineId, options: OpenOptions): Promise<string> {
  const key = await options.publicKeyOf(machine);
  if (key !== null) return key;
  throw new ThymusError("UNAUTHENTICATED", `${machine} is not enrolled here`, "join the server with a token");
}

/**
 * Refuses what lies outside the clock window or was said before.
 * @throws ThymusError UNAUTHENTICATED, REPLAYED
 */
export async function checkFresh(nonce: string, at: string, options: OpenOptions): Promise<void> {
  const now = typeof options.now === "function" ? options.now() : (options.now ?? Date.now());
  const ahead = new Date(at).getTime() - new Date(now).getTime();
  if (Math.abs(ahead) > CLOCK_WINDOW_MS) {
    const minutes = Math.round(Math.abs(ahead) / 60_000);
    throw new ThymusError(
      "UNAUTHENTICATED",
      `the sender's clock is ${minutes} minutes ${ahead > 0 ? "ahead of" : "behind"} the server's, above the 10 minutes allowed`,
      "set the clocks of both machines, e.g. with NTP",
    );
  }
  if (await options.seen(nonce, at)) {
    throw new ThymusError("REPLAYED", "this very message was received before", "send a new one");
  }
}
