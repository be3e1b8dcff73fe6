/** The fake internet's own certificate authority (RFC 5280), and the certificates that it issues as they are asked for. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP } from "node:net";
import { bits, integer, objectId, octets, sequence, set, tagged, text, time, truth } from "./der.ts";

const SIGNED_BY = sequence(objectId("1.2.840.10045.4.3.2"));
/** Long, since the guest's clock is set to other years in some runs. */
const [FROM, UNTIL] = [new Date(Date.UTC(2012, 0, 1)), new Date(Date.UTC(2049, 0, 1))];

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

const publicBytes = (key: KeyObject) => key.export({ type: "spki", format: "der" });
const keyId = (spki: Buffer) => createHash("sha1").update(spki.subarray(-65)).digest();
const called = (name: string) => sequence(set(sequence(objectId("2.5.4.3"), text(name.slice(0, 64)))));
const extension = (id: string, critical: boolean, value: Buffer) =>
  sequence(objectId(id), ...(critical ? [truth] : []), octets(value));

function certificate(options: {
  readonly subject: string;
  readonly issuer: string;
  readonly spki: Buffer;
  readonly extensions: readonly Buffer[];
  readonly signer: KeyObject;
}): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 1;
  const body = sequence(
    tagged(0, true, integer(Buffer.of(2))),
    integer(serial),
    SIGNED_BY,
    called(options.issuer),
    sequence(time(FROM), time(UNTIL)),
    called(options.subject),
    options.spki,
    tagged(3, true, sequence(...options.extensions)),
  );
  const whole = sequence(body, SIGNED_BY, bits(sign("sha256", body, options.signer)));
  const lines = whole.toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [before = "", after] = address.split("::");
  const groups = (part: string) =>
    part
      .split(":")
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [start, end] = [groups(before), after === undefined ? [] : groups(after)];
  const all = [...start, ...new Array<number>(Math.max(0, 8 - start.length - end.length)).fill(0), ...end];
  return Buffer.from(all.slice(0, 8).flatMap((group) => [group >> 8, group & 255]));
}

const NAME = "ISRG Root X3";
/** Certificates that are kept; a flood of names makes the oldest be forgotten. */
const MAX_KEPT = 500;

export class Authority {
  readonly #key: KeyObject;
  readonly #spki: Buffer;
  /** One key for all: it protects nothing. */
  readonly #leafKey: string;
  readonly #leafSpki: Buffer;
  readonly #issued = new Map<string, Issued>();
  /** PEM, to be trusted by the guest. */
  readonly certificate: string;

  constructor() {
    const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = own.privateKey;
    this.#spki = publicBytes(own.publicKey);
    const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#leafKey = leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    this.#leafSpki = publicBytes(createPublicKey(createPrivateKey(this.#leafKey)));
    this.certificate = certificate({
      ...{ subject: NAME, issuer: NAME, spki: this.#spki, signer: this.#key },
      extensions: [
        extension("2.5.29.19", true, sequence(truth)),
        // keyCertSign and cRLSign.
        extension("2.5.29.15", true, bits(Buffer.of(0x06), 1)),
        extension("2.5.29.14", false, octets(keyId(this.#spki))),
      ],
    });
  }

  /** For a host name or an address, in plain ASCII. */
  issue(name: string): Issued {
    const known = this.#issued.get(name);
    if (known) return known;
    const alternative = isIP(name)
      ? tagged(7, false, addressBytes(name))
      : tagged(2, false, Buffer.from(name, "latin1"));
    const issued = {
      key: this.#leafKey,
      certificate: certificate({
        ...{ subject: name, issuer: NAME, spki: this.#leafSpki, signer: this.#key },
        extensions: [
          extension("2.5.29.19", true, sequence()),
          // digitalSignature.
          extension("2.5.29.15", true, bits(Buffer.of(0x80), 7)),
          extension("2.5.29.37", false, sequence(objectId("1.3.6.1.5.5.7.3.1"))),
          extension("2.5.29.17", false, sequence(alternative)),
          extension("2.5.29.14", false, octets(keyId(this.#leafSpki))),
          extension("2.5.29.35", false, sequence(tagged(0, false, keyId(this.#spki)))),
        ],
      }),
    };
    const oldest = this.#issued.keys().next().value;
    if (this.#issued.size >= MAX_KEPT && oldest !== undefined) this.#issued.delete(oldest);
    this.#issued.set(name, issued);
    return issued;
  }
}
