import { createHmac, hkdfSync } from "node:crypto";
import { join } from "node:path";
import { loadOrCreateSampleIdentity, openBytes, sealBytes } from "@thymus/trust";

/** Seals originals to this machine's own age identity, so that no scanner, backup or person runs them by mistake. */
export interface Vault {
  seal(bytes: Uint8Array): Promise<Uint8Array>;
  /** @throws ThymusError SEAL_BROKEN */
  open(sealed: Uint8Array): Promise<Uint8Array>;
  /** A name for a content that says nothing of it to whoever has not the vault's key: equal for equal contents. */
  nameOf(sha256: string): string;
}

/** The vault of DIR/agent; its identity lies in keys/quarantine.age-identity (0600). */
export async function openVault(dataDir: string): Promise<Vault> {
  const keys = await loadOrCreateSampleIdentity(join(dataDir, "keys", "quarantine.age-identity"));
  const naming = Buffer.from(hkdfSync("sha256", keys.identity, "", "thymus vault names 1", 32));
  return {
    seal: async (bytes) => sealBytes(bytes, keys.recipient),
    open: async (sealed) => openBytes(sealed, keys.identity),
    nameOf: (sha256) => createHmac("sha256", naming).update(sha256).digest("hex").slice(0, 40),
  };
}
