import { createHash, type KeyObject, sign } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import {
  Key,
  type Metadata,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";
import { readKey } from "../keys/key-file.ts";
import { loadOrCreateSigningKeys, pemKind, type SigningKeys } from "../keys/signing-keys.ts";
import type { RoleName } from "./repository.ts";

export type AnyMetadata = Metadata<Root | Snapshot | Targets | Timestamp>;

/** One key of a role: its public half as TUF names it, and how it signs. */
export interface RoleKey {
  readonly key: Key;
  readonly privateKey: KeyObject;
}

/** The private keys of a publisher, found by TUF key id. Which of them counts, the root metadata says. */
export class RoleKeys {
  readonly #folder: string;
  readonly #byId = new Map<string, RoleKey>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<RoleKeys> {
    const keys = new RoleKeys(folder);
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".key")) continue;
      const found = await readKey(join(folder, name), pemKind("Ed25519"));
      if (found !== null) keys.#add(found);
    }
    return keys;
  }

  /** The key that a role has from this version of the root on. Made once: after a crash the same comes again. */
  async forVersion(role: RoleName, rootVersion: number): Promise<RoleKey> {
    return this.#add(await loadOrCreateSigningKeys(join(this.#folder, `${role}.${rootVersion}.key`)));
  }

  /** @throws ThymusError KEY_INVALID where the private key is not here */
  of(root: Root, role: RoleName): RoleKey {
    for (const id of root.roles[role]?.keyIDs ?? []) {
      const key = this.#byId.get(id);
      if (key !== undefined) return key;
    }
    throw new ThymusError(
      "KEY_INVALID",
      `${this.#folder} lacks the private ${role} key that the repository's root names`,
      "restore the folder from a backup",
    );
  }

  #add(keys: SigningKeys): RoleKey {
    const roleKey = { key: tufKey(keys.publicKey), privateKey: keys.privateKey };
    this.#byId.set(roleKey.key.keyID, roleKey);
    return roleKey;
  }
}

export function signMetadata(metadata: AnyMetadata, ...by: RoleKey[]): void {
  for (const { key, privateKey } of by) {
    metadata.sign(
      (bytes) => new Signature({ keyID: key.keyID, sig: sign(null, bytes, privateKey).toString("hex") }),
    );
  }
}

/** Key id: SHA-256 over the key's canonical JSON (section 4.2). */
function tufKey(publicKey: string): Key {
  const raw = Buffer.from(publicKey, "base64url").toString("hex");
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${raw}"},"scheme":"ed25519"}`;
  return new Key({
    keyID: createHash("sha256").update(canonical).digest("hex"),
    keyType: "ed25519",
    scheme: "ed25519",
    keyVal: { public: raw },
  });
}
