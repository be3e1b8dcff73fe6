import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config, Logger } from "@thymus/contracts";
import { holdLock, openDatabase } from "@thymus/store";
import { loadOrCreateLinkKeys } from "@thymus/trust";
import { SampleStore } from "./cases/samples.ts";
import { loadOrCreateApiToken } from "./http/auth.ts";
import { Meters } from "./http/metrics.ts";
import { buildServer, listen } from "./http/server.ts";
import { Repository } from "./link/publish.ts";
import type { Parts } from "./parts.ts";
import { adminMigrations } from "./state/migrations.ts";
import type { AdminDatabase } from "./state/schema.ts";
import { State } from "./state/state.ts";
import { graceAfterStart, watch } from "./watch.ts";

export interface AdminOptions {
  /** Folder of the admin server alone, e.g. DIR/admin. */
  readonly dataDir: string;
  readonly config: Config;
  /** HOST:PORT instead of the configuration's; port 0 takes any free one. */
  readonly listen?: string | undefined;
  /** Folder of the console's static files. */
  readonly consoleDir: string;
  readonly log: Logger;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

export interface AdminServer {
  /** e.g. `http://127.0.0.1:8480` */
  readonly url: string;
  /** Bearer token of the API, as in the file `api-token`. */
  readonly apiToken: string;
  /** X25519 public key to which messages are sealed; every join token carries it. */
  readonly serverKey: string;
  close(): Promise<void>;
}

/**
 * Starts the admin server. Killing it at any moment is safe; `close` answers what is under way first.
 * @throws ThymusError STORE_FAILED, STORE_NEWER, KEY_PERMISSIONS, CONFIG_INVALID, CONFLICT (address or data folder in use)
 */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { dataDir } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const release = await holdLock(join(dataDir, "lock"), { what: `the admin server of ${dataDir}` });
  try {
    const server = await startHeld(options);
    return { ...server, close: () => server.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function startHeld(options: AdminOptions): Promise<AdminServer> {
  const { dataDir, config, log } = options;
  const at = (...path: string[]) => join(dataDir, ...path);
  await mkdir(at("keys"), { recursive: true, mode: 0o700 });
  await mkdir(at("tuf"), { recursive: true, mode: 0o755 });
  const keys = await loadOrCreateLinkKeys(at("keys", "link.pem"));
  const apiToken = await loadOrCreateApiToken(at("api-token"));
  const state = new State(await openDatabase<AdminDatabase>(at("thymus.db"), adminMigrations), options.now);
  try {
    const samples = await SampleStore.open(at("samples"), config.admin.maxSampleBytes);
    await samples.sweep((id) => isOpen(state, id));
    await graceAfterStart(state, config.admin.patientSeconds);
    const { consoleDir } = options;
    const repository = new Repository(at("tuf"));
    const parts: Parts = {
      config,
      state,
      samples,
      repository,
      keys,
      apiToken,
      meters: new Meters(),
      consoleDir,
      log,
    };
    const app = await buildServer(parts);
    const url = await listen(app, options.listen ?? config.admin.listen);
    const unwatch = watch(state, parts, log);
    log.info("the admin server listens", { url });
    return {
      url,
      apiToken,
      serverKey: keys.publicKey,
      async close() {
        state.hub.close();
        await unwatch();
        await app.close();
        await state.db.destroy();
      },
    };
  } catch (error) {
    state.hub.close();
    await state.db.destroy();
    throw error;
  }
}

async function isOpen(state: State, id: string): Promise<boolean> {
  const row = await state.db.selectFrom("incident").select("stage").where("id", "=", id).executeTakeFirst();
  return row !== undefined && row.stage !== "closed";
}
