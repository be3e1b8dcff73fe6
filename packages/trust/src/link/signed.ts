/** A signed document: Ed25519 signature (64 bytes), then the exact bytes of the document's JSON text. */
import { sign, verify } from "node:crypto";
import { ThymusError } from "@thymus/contracts";
import { decodeRawKey, publicKeyFromRaw } from "../keys/raw-key.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { SealPurpose } from "./seal.ts";

const SIGNATURE_BYTES = 64;

export interface SignedDocument {
  readonly signature: Uint8Array;
  readonly document: Uint8Array;
}

export function signDocument(
  purpose: SealPurpose,
  document: Uint8Array,
  serverKey: string,
  keys: SigningKeys,
): Uint8Array {
  return Buffer.concat([sign(null, signedBytes(purpose, document, serverKey), keys.privateKey), document]);
}

/** @throws ThymusError SEAL_BROKEN */
export function splitSigned(plain: Uint8Array): SignedDocument {
  if (plain.length <= SIGNATURE_BYTES) {
    throw new ThymusError("SEAL_BROKEN", "the sealed message holds no signed document", "send it again");
  }
  return { signature: plain.subarray(0, SIGNATURE_BYTES), document: plain.subarray(SIGNATURE_BYTES) };
}

/** @throws ThymusError UNAUTHENTICATED */
export function verifySigned(
  purpose: SealPurpose,
  signed: SignedDocument,
  serverKey: string,
  publicKey: string,
): void {
  const key = publicKeyFromRaw("Ed25519", publicKey, "the sender's key");
  if (verify(null, signedBytes(purpose, signed.document, serverKey), key, signed.signature)) return;
  throw new ThymusError(
    "UNAUTHENTICATED",
    "the message is not signed by the key that its sender enrolled",
    "join the server again with a new token",
  );
}

/** The server's key is signed as well: one server cannot pass a message on to another. */
function signedBytes(purpose: SealPurpose, document: Uint8Array, serverKey: string): Uint8Array {
  return Buffer.concat([
    Buffer.from(`thymus/link/v1 ${purpose}\0`),
    decodeRawKey(serverKey, "the server's key"),
    document,
  ]);
}
