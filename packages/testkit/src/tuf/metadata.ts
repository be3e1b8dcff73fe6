/** TUF metadata as plain JSON files, read and signed without the code under test. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Role = "root" | "targets" | "snapshot" | "timestamp";

interface Description {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}

export interface Signed {
  _type: string;
  version: number;
  expires: string;
  meta?: Record<string, Description>;
  targets?: Record<string, { length: number; hashes: Record<string, string> }>;
  roles?: Record<string, { keyids: string[]; threshold: number }>;
}

export interface Document {
  signatures: { keyid: string; sig: string }[];
  signed: Signed;
}

/** A signing key with its TUF key id. */
export interface Signer {
  keyid: string;
  privateKey: KeyObject;
}

export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${canonical(name)}:${canonical(field)}`).join(",")}}`;
  }
  return typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : JSON.stringify(value);
}

export function signerOf(privateKey: KeyObject): Signer {
  const raw = Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x as string, "base64url");
  const key = { keytype: "ed25519", keyval: { public: raw.toString("hex") }, scheme: "ed25519" };
  return { keyid: createHash("sha256").update(canonical(key)).digest("hex"), privateKey };
}

/** The publisher's own key of a role, by what its newest root says. */
export function publisherKey(publisherDir: string, role: Role): Signer {
  const repository = join(publisherDir, "repository");
  const trusted = readCurrent(repository, "root").signed.roles?.[role]?.keyids ?? [];
  const folder = join(publisherDir, "keys");
  for (const name of readdirSync(folder)) {
    const signer = signerOf(createPrivateKey(readFileSync(join(folder, name))));
    if (trusted.includes(signer.keyid)) return signer;
  }
  throw new Error(`no private ${role} key in ${folder}`);
}

export function currentPath(repository: string, role: Role): string {
  const folder = join(repository, "metadata");
  if (role === "timestamp") return join(folder, "timestamp.json");
  return join(folder, `${newestVersion(folder, role)}.${role}.json`);
}

export function versionPath(repository: string, role: Role, version: number): string {
  return join(repository, "metadata", `${version}.${role}.json`);
}

export function readCurrent(repository: string, role: Role): Document {
  return readDocument(currentPath(repository, role));
}

export function readDocument(path: string): Document {
  return JSON.parse(readFileSync(path, "utf8")) as Document;
}

export function writeSigned(path: string, signed: Signed, signer: Signer): void {
  const sig = sign(null, Buffer.from(canonical(signed)), signer.privateKey).toString("hex");
  writeFileSync(path, JSON.stringify({ signatures: [{ keyid: signer.keyid, sig }], signed }));
}

/** What a timestamp or snapshot says of another metadata file. */
export function describe(path: string): Description {
  const bytes = readFileSync(path);
  const version = (JSON.parse(bytes.toString("utf8")) as Document).signed.version;
  return {
    version,
    length: bytes.length,
    hashes: { sha256: createHash("sha256").update(bytes).digest("hex") },
  };
}

function newestVersion(folder: string, role: Role): number {
  const versions = readdirSync(folder).map((name) => {
    const [version, rest] = [name.slice(0, name.indexOf(".")), name.slice(name.indexOf("."))];
    return rest === `.${role}.json` ? Number(version) : 0;
  });
  return Math.max(...versions);
}
