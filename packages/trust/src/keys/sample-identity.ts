import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { type KeyKind, loadOrCreateKey } from "./key-file.ts";

/** age key pair: samples are sealed to `recipient` (`age1...`) and opened with `identity` (`AGE-SECRET-KEY-1...`). */
export interface SampleIdentity {
  readonly identity: string;
  readonly recipient: string;
}

/** The format of `age-keygen`, so that the age command opens a sample as well. */
const kind: KeyKind<SampleIdentity> = {
  name: "age identity",
  async generate() {
    const identity = await generateX25519Identity();
    return `# public key: ${await identityToRecipient(identity)}\n${identity}\n`;
  },
  async parse(text) {
    const lines = text.split("\n").map((line) => line.trim());
    const identities = lines.filter((line) => line !== "" && !line.startsWith("#"));
    if (identities.length !== 1) throw new Error("expected one identity");
    const identity = identities[0]!;
    return { identity, recipient: await identityToRecipient(identity) };
  },
};

/**
 * The analysis centre's age identity, from its file, which is made where it is missing.
 * @throws ThymusError KEY_PERMISSIONS, KEY_INVALID, UNREADABLE, STORE_FAILED
 */
export function loadOrCreateSampleIdentity(file: string): Promise<SampleIdentity> {
  return loadOrCreateKey(file, kind);
}
