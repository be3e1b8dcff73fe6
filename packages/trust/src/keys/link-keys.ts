import type { KeyObject } from "node:crypto";
import { loadOrCreateKey } from "./key-file.ts";
import { pemKind } from "./signing-keys.ts";

/** X25519 (RFC 7748): to `publicKey` (raw, base64url) agents and the analysis centre seal their messages. */
export interface LinkKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

/**
 * The admin server's X25519 key pair, from its PEM file, which is made where it is missing.
 * @throws ThymusError KEY_PERMISSIONS, KEY_INVALID, UNREADABLE, STORE_FAILED
 */
export function loadOrCreateLinkKeys(file: string): Promise<LinkKeys> {
  return loadOrCreateKey(file, pemKind("X25519"));
}
