import { createPublicKey, type KeyObject } from "node:crypto";
import { ThymusError } from "@thymus/contracts";

export type Curve = "Ed25519" | "X25519";

/** Both curves: a raw key has 32 bytes (RFC 8032 section 5.1.5, RFC 7748 section 6.1). */
const RAW_KEY_BYTES = 32;

/** Decodes base64url without padding; null where the text is not exactly what encoding the result would give. */
export function decodeBase64Url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
}

/** The raw public key of a key pair's private half, base64url. */
export function rawPublicKey(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: "jwk" }).x as string;
}

/** @throws ThymusError KEY_INVALID */
export function decodeRawKey(text: string, what: string): Uint8Array {
  const bytes = decodeBase64Url(text);
  if (bytes?.length === RAW_KEY_BYTES) return bytes;
  throw new ThymusError(
    "KEY_INVALID",
    `${what} is not a raw 32-byte key in base64url`,
    "copy the key again from where it was made",
  );
}

/** @throws ThymusError KEY_INVALID */
export function publicKeyFromRaw(curve: Curve, text: string, what: string): KeyObject {
  decodeRawKey(text, what);
  try {
    return createPublicKey({ key: { kty: "OKP", crv: curve, x: text }, format: "jwk" });
  } catch (cause) {
    throw new ThymusError("KEY_INVALID", `${what} is no ${curve} public key`, "make a new key pair", {
      cause,
    });
  }
}
