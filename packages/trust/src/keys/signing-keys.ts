import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type KeyKind, loadOrCreateKey } from "./key-file.ts";
import { type Curve, rawPublicKey } from "./raw-key.ts";

/** Ed25519 (RFC 8032). `publicKey` is raw, base64url. */
export interface SigningKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

/** A PKCS #8 PEM file (RFC 8410) of the one curve. */
export function pemKind(curve: Curve): KeyKind<{ privateKey: KeyObject; publicKey: string }> {
  return {
    name: `${curve} private key`,
    generate: () =>
      (curve === "Ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("x25519")
      ).privateKey.export({
        format: "pem",
        type: "pkcs8",
      }) as string,
    parse(text) {
      const privateKey = createPrivateKey(text);
      if (privateKey.asymmetricKeyType !== curve.toLowerCase()) throw new Error(`not of type ${curve}`);
      return { privateKey, publicKey: rawPublicKey(privateKey) };
    },
  };
}

/**
 * The Ed25519 key pair of one party, from its PEM file, which is made where it is missing.
 * @throws ThymusError KEY_PERMISSIONS, KEY_INVALID, UNREADABLE, STORE_FAILED
 */
export function loadOrCreateSigningKeys(file: string): Promise<SigningKeys> {
  return loadOrCreateKey(file, pemKind("Ed25519"));
}
