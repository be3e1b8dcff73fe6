import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "@thymus/contracts";
import { documentFolders } from "../files/roots.ts";
import type { Vault } from "../quarantine/vault.ts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import type { Database } from "../state/open.ts";
import { Copies } from "./copies.ts";

export interface OpenCopies {
  readonly db: Database;
  /** DIR/agent */
  readonly dataDir: string;
  readonly vault: Vault;
  readonly config: Config;
  readonly active: ActivePrescriptions;
}

/** The copies of DIR/agent, as the configuration wants them. */
export async function openCopies({ db, dataDir, vault, config, active }: OpenCopies): Promise<Copies> {
  const { copies, copyBytes, copyFileBytes } = config.agent;
  return new Copies({
    ...{ db, vault, folder: join(dataDir, "copies"), maxBytes: copyBytes, maxFileBytes: copyFileBytes },
    // What an encryptor gets through before it is stopped can only go back from copies.
    folders: await Promise.all(
      [...copies, ...documentFolders(config)].map((path) => realpath(path).catch(() => path)),
    ),
    suspect: (bytes, type, sha256) => active.find(bytes, type, sha256) !== null,
  });
}
