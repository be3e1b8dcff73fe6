import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Config, type QuarantineEntry, ThymusError } from "@thymus/contracts";
import { Roots, watchedFolders } from "../files/roots.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openVault } from "../quarantine/vault.ts";
import { giveBack } from "../repair/give-back.ts";
import { recoverAlone } from "../repair/recover.ts";
import { approveBeyondBrake } from "../scanning/brake.ts";
import { openAgentDatabase } from "../state/open.ts";

export interface VerbOptions {
  /** DIR/agent */
  readonly dataDir: string;
  readonly config: Config;
}

/** `thymus quarantine ...`: works beside a running agent and without one. */
export interface QuarantineVerbs {
  /** Newest first. */
  list(): Promise<QuarantineEntry[]>;
  /** @throws ThymusError NOT_FOUND */
  show(id: string): Promise<QuarantineEntry>;
  /**
   * Brings the original back identical; it is then never refused again at that path. Doing it twice does nothing.
   * @throws ThymusError NOT_FOUND, CONFLICT (another file lies there now; `force` overwrites it), QUARANTINE_DAMAGED
   */
  restore(id: string, options?: { force?: boolean }): Promise<QuarantineEntry>;
  /** Ends an entry for good. @throws ThymusError NOT_FOUND */
  delete(id: string): Promise<QuarantineEntry>;
  /** Bytes that all sealed contents take (equal ones once), the most that they may, and entries that are kept. */
  usage(): Promise<{ used: number; most: number; entries: number }>;
  /**
   * Lets a prescription take more files than `agent.brakeFiles`; a running agent goes on within seconds.
   * @throws ThymusError NOT_FOUND where it is not active here
   */
  approve(prescription: string): Promise<void>;
  close(): Promise<void>;
}

export async function openQuarantine({ dataDir, config }: VerbOptions): Promise<QuarantineVerbs> {
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const db = await openAgentDatabase(dataDir);
  const quarantine = new Quarantine({
    db,
    folder: join(dataDir, "quarantine"),
    vault: await openVault(dataDir),
    maxBytes: config.agent.quarantineBytes,
  });
  const roots = await Roots.of(watchedFolders(config), dataDir, drill);
  const context = { db, quarantine, maxBytes: config.admin.maxSampleBytes };
  const release = await recoverAlone(context, dataDir);
  return {
    list: () => quarantine.list(),
    show: (id) => quarantine.show(id),
    async restore(id, { force = false } = {}) {
      const { file } = await quarantine.show(id);
      return giveBack(context, id, {
        force,
        byOwner: true,
        root: roots.of(file.path),
        why: "restored by hand",
      });
    },
    delete: (id) => quarantine.delete(id),
    usage: () => quarantine.usage(),
    async approve(prescription) {
      if (!(await approveBeyondBrake(db, prescription)))
        throw new ThymusError(
          "NOT_FOUND",
          `${prescription} is not active on this machine`,
          "see `thymus quarantine list` for the prescriptions that took files",
        );
    },
    async close() {
      await db.destroy();
      release();
    },
  };
}
