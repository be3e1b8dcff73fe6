/**
 * The sealed form of what is said on the link: HPKE base mode (RFC 9180), X25519, HKDF-SHA256, ChaCha20-Poly1305, and an
 * answer keyed by an export of the request's context (RFC 9458 section 4.4).
 *
 *     request: version (1) | key id (8: start of SHA-256 of the server's public key) | enc (32) | ciphertext
 *     answer:  version (1) | response nonce (32) | ciphertext
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { ThymusError } from "@thymus/contracts";
import type { LinkKeys } from "../keys/link-keys.ts";
import { decodeRawKey } from "../keys/raw-key.ts";

export const SEAL_VERSION = 1;
const KEY_ID_BYTES = 8;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const ENC_BYTES = 32;
const TAG_BYTES = 16;
/** max(Nn, Nk) of ChaCha20-Poly1305. */
const NONCE_BYTES = 32;
const AEAD = "chacha20-poly1305";
const RESPONSE_LABEL = Buffer.from("thymus/link/v1 response");

/** What a sealed request is for; one of a kind never opens as the other. */
export type SealPurpose = "request" | "upload";

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});

/** Both ends of one exchange know this: what the answer's key is derived from. */
export interface ExchangeSecret {
  readonly enc: Uint8Array;
  readonly secret: Uint8Array;
}

/** @throws ThymusError KEY_INVALID */
export async function sealRequest(
  purpose: SealPurpose,
  plain: Uint8Array,
  serverKey: string,
): Promise<{ sealed: Uint8Array; exchange: ExchangeSecret }> {
  const raw = decodeRawKey(serverKey, "the server's key");
  const header = headerFor(raw);
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(raw);
    const context = await suite.createSenderContext({ recipientPublicKey, info: infoOf(purpose, header) });
    const ciphertext = await context.seal(plain);
    const secret = new Uint8Array(await context.export(RESPONSE_LABEL, NONCE_BYTES));
    const enc = new Uint8Array(context.enc);
    return { sealed: Buffer.concat([header, enc, new Uint8Array(ciphertext)]), exchange: { enc, secret } };
  } catch (cause) {
    throw new ThymusError("KEY_INVALID", "the server's key is no X25519 public key", "join again", { cause });
  }
}

/** @throws ThymusError SEAL_BROKEN */
export async function openRequest(
  purpose: SealPurpose,
  sealed: Uint8Array,
  keys: LinkKeys,
): Promise<{ plain: Uint8Array; exchange: ExchangeSecret }> {
  const header = sealed.subarray(0, HEADER_BYTES);
  const expected = headerFor(decodeRawKey(keys.publicKey, "the server's key"));
  if (sealed.length < HEADER_BYTES + ENC_BYTES + TAG_BYTES) throw broken("it is too short");
  if (header[0] !== SEAL_VERSION) throw broken(`its format version ${header[0]} is not known here`);
  if (!expected.equals(header)) throw broken("it is sealed to the key of another server");
  const enc = sealed.slice(HEADER_BYTES, HEADER_BYTES + ENC_BYTES);
  try {
    const recipientKey = await suite.kem.importKey("jwk", keys.privateKey.export({ format: "jwk" }), false);
    const context = await suite.createRecipientContext({ recipientKey, enc, info: infoOf(purpose, header) });
    const plain = new Uint8Array(await context.open(sealed.slice(HEADER_BYTES + ENC_BYTES)));
    const secret = new Uint8Array(await context.export(RESPONSE_LABEL, NONCE_BYTES));
    return { plain, exchange: { enc, secret } };
  } catch (cause) {
    throw broken("it was changed on its way", cause);
  }
}

/** Seals an answer; any number of answers to one request may be made. */
export function sealResponse(exchange: ExchangeSecret, plain: Uint8Array): Uint8Array {
  const head = Buffer.concat([Buffer.of(SEAL_VERSION), randomBytes(NONCE_BYTES)]);
  const { key, nonce } = responseKey(exchange, head.subarray(1));
  const cipher = createCipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(head.subarray(0, 1), { plaintextLength: plain.length });
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws ThymusError SEAL_BROKEN */
export function openResponse(exchange: ExchangeSecret, sealed: Uint8Array): Uint8Array {
  const head = sealed.subarray(0, 1 + NONCE_BYTES);
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES) throw broken("the answer is too short");
  if (head[0] !== SEAL_VERSION) throw broken(`the answer's format version ${head[0]} is not known here`);
  const { key, nonce } = responseKey(exchange, head.subarray(1));
  const decipher = createDecipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES });
  const ciphertext = sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES);
  try {
    decipher.setAAD(head.subarray(0, 1), { plaintextLength: ciphertext.length });
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (cause) {
    throw broken("the answer was changed on its way, or belongs to another request", cause);
  }
}

/** RFC 9458 section 4.4: salt = enc | response nonce; key and nonce are expanded from the exported secret. */
function responseKey(exchange: ExchangeSecret, responseNonce: Uint8Array) {
  const salt = Buffer.concat([exchange.enc, responseNonce]);
  const derive = (label: string, length: number) =>
    new Uint8Array(hkdfSync("sha256", exchange.secret, salt, label, length));
  return { key: derive("key", 32), nonce: derive("nonce", 12) };
}

function headerFor(serverKey: Uint8Array): Buffer {
  const keyId = createHash("sha256").update(serverKey).digest().subarray(0, KEY_ID_BYTES);
  return Buffer.concat([Buffer.of(SEAL_VERSION), keyId]);
}

function infoOf(purpose: SealPurpose, header: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`thymus/link/v1 ${purpose}\0`), header]);
}

function broken(why: string, cause?: unknown): ThymusError {
  return new ThymusError(
    "SEAL_BROKEN",
    `the sealed message cannot be opened: ${why}`,
    "send it again; if it stays, join the server again with a new token",
    { cause },
  );
}
