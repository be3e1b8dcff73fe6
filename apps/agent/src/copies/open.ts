import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "@thymus/contracts";
import { documentFolders } from "../files/roots.ts";
import type { Vault } from "../quarantine/vault.ts";
import type { Database } from "../state/open.ts";
import { Copies, type CopiesOptions } from "./copies.ts";

export interface OpenCopies {
  readonly db: Database;
  /** DIR/agent */
  readonly dataDir: string;
  readonly vault: Vault;
  readonly config: Config;
  /** Whether a content is one that a rule finds, or may be one. */
  readonly suspect: CopiesOptions["suspect"];
}

/** The copies of DIR/agent, as the configuration wants them. */
export async function openCopies({ db, dataDir, vault, config, suspect }: OpenCopies): Promise<Copies> {
  const { copies, copyBytes, copyFileBytes } = config.agent;
  return new Copies({
    ...{ db, vault, folder: join(dataDir, "copies"), maxBytes: copyBytes, maxFileBytes: copyFileBytes },
    // What an encryptor gets through before it is stopped can only go back from copies.
    folders: await Promise.all(
      [...copies, ...documentFolders(config)].map((path) => realpath(path).catch(() => path)),
    ),
    suspect,
  });
}
