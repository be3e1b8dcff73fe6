import { join } from "node:path";
import { loadOrCreateSampleIdentity, openBytes, sealBytes } from "@thymus/trust";

/** Seals originals to this machine's own age identity, so that no scanner, backup or person runs them by mistake. */
export interface Vault {
  seal(bytes: Uint8Array): Promise<Uint8Array>;
  /** @throws ThymusError SEAL_BROKEN */
  open(sealed: Uint8Array): Promise<Uint8Array>;
}

/** The vault of DIR/agent; its identity lies in keys/quarantine.age-identity (0600). */
export async function openVault(dataDir: string): Promise<Vault> {
  const keys = await loadOrCreateSampleIdentity(join(dataDir, "keys", "quarantine.age-identity"));
  return {
    seal: async (bytes) => sealBytes(bytes, keys.recipient),
    open: async (sealed) => openBytes(sealed, keys.identity),
  };
}
