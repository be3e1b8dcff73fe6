import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { LinkReply, LinkRequest, MachineId } from "@thymus/contracts";
import type { LinkKeys } from "../keys/link-keys.ts";
import { rawPublicKey } from "../keys/raw-key.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { OpenOptions } from "../link/guard.ts";
import { sealRequest } from "../link/seal.ts";
import { signDocument } from "../link/signed.ts";

export const MACHINE = "machine-0a" as MachineId;
export const NOW = new Date("2026-03-01T12:00:00.000Z");
export const CLAIM: LinkRequest = { type: "claim", waitSeconds: 0, leaseSeconds: 60 };
export const DONE: LinkReply = { type: "done" };

export function newSigningKeys(): SigningKeys {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey: rawPublicKey(privateKey) };
}

export function newLinkKeys(): LinkKeys {
  const { privateKey } = generateKeyPairSync("x25519");
  return { privateKey, publicKey: rawPublicKey(privateKey) };
}

/** X25519 keys from a raw private key (RFC 8410: a PKCS #8 document is a fixed head and the 32 bytes). */
export function linkKeysOf(raw: Uint8Array): LinkKeys {
  const head = Buffer.from("302e020100300506032b656e04220420", "hex");
  const privateKey = createPrivateKey({ key: Buffer.concat([head, raw]), format: "der", type: "pkcs8" });
  return { privateKey, publicKey: rawPublicKey(privateKey) };
}

/** A server that knows one machine, at a fixed time. */
export function serverSide(keys: LinkKeys, machineKey: string, now: OpenOptions["now"] = NOW): OpenOptions {
  const nonces = new Set<string>();
  return {
    keys,
    now,
    publicKeyOf: async (machine) => (machine === MACHINE ? machineKey : null),
    async seen(nonce) {
      const known = nonces.has(nonce);
      nonces.add(nonce);
      return known;
    },
  };
}

/** Seals any envelope, also one that no client would make. */
export async function sealAny(envelope: unknown, keys: LinkKeys, signing: SigningKeys) {
  const document = Buffer.from(JSON.stringify(envelope));
  return await sealRequest(
    "request",
    signDocument("request", document, keys.publicKey, signing),
    keys.publicKey,
  );
}

export function envelope(over: Record<string, unknown> = {}) {
  return { machine: MACHINE, at: NOW.toISOString(), nonce: "n".repeat(22), body: CLAIM, ...over };
}
