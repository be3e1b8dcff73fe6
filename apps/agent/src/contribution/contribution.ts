import {
  type Config,
  FLEET_PARTS,
  type Logger,
  MAX_PART_FILES,
  partDigest,
  ThymusError,
  type VouchedFile,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { LinkClient } from "@thymus/trust";
import type { PackageManager } from "../packages/manager.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import { collectVouched } from "./vouched.ts";

export interface ContributionOptions {
  readonly db: Database;
  readonly config: Config;
  readonly packages: PackageManager;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The server may have lost what it knew: it is asked at least so often. In milliseconds. */
const ANYWAY = 24 * HOUR;
/** When the server was told last, and the state of the package manager's lists at that time. */
const TOLD = "self.told";

/**
 * Tells the server which programs of packages this machine holds, where the owner wants that (`agent.contribute`):
 * digests and sizes only. What the server holds already is not sent; a round that was cut off is simply done again.
 */
export class Contribution {
  readonly #options: ContributionOptions;

  constructor(options: ContributionOptions) {
    this.#options = options;
  }

  /** @returns milliseconds until something may be due again */
  async round(link: LinkClient): Promise<number> {
    const { config, db, packages } = this.#options;
    const told = await readMeta(db, TOLD);
    if (!config.agent.contribute) {
      if (told) await this.#withdraw(link);
      return HOUR;
    }
    // Its manifests come after its files.
    if (await packages.busy()) return MINUTE;
    const stamp = await packages.stamp();
    const last = told ? (JSON.parse(told) as { stamp: string; at: number }) : null;
    if (last?.stamp === stamp && Math.abs(Date.now() - last.at) < ANYWAY) return HOUR;
    await this.#tell(link, await collectVouched({ ...this.#options, maxBytes: config.admin.maxSampleBytes }));
    await writeMeta(db, TOLD, JSON.stringify({ stamp, at: Date.now() }));
    return HOUR;
  }

  async #tell(link: LinkClient, found: ReadonlyMap<number, readonly VouchedFile[]>): Promise<void> {
    const parts = Array.from({ length: FLEET_PARTS }, (_, part) =>
      (found.get(part) ?? []).toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)).slice(0, MAX_PART_FILES),
    );
    // From now on the server may hold something: whoever stops contributing takes it back.
    if (!(await readMeta(this.#options.db, TOLD)))
      await writeMeta(this.#options.db, TOLD, JSON.stringify({ stamp: "", at: 0 }));
    const reply = await link.send({ type: "self-offer", parts: parts.map(partDigest) });
    const wanted = reply.type === "self-wanted" ? reply.parts : [];
    for (const part of wanted) {
      this.#options.signal.throwIfAborted();
      const files = parts[part];
      if (!files || files.length === 0)
        throw new ThymusError("DOCUMENT_INVALID", `the server asks for part ${part}`, "update the server");
      await link.send({ type: "self-part", part, files: [...files] });
      await failpoint("agent.contributed");
    }
    const files = parts.reduce((sum, each) => sum + each.length, 0);
    this.#options.log.info("told the server what the package manager vouches for", {
      programs: files,
      parts: wanted.length,
    });
  }

  async #withdraw(link: LinkClient): Promise<void> {
    await link.send({ type: "self-offer", parts: new Array(FLEET_PARTS).fill(null) });
    await this.#options.db.deleteFrom("meta").where("key", "=", TOLD).execute();
    await this.#options.db.deleteFrom("vouched").execute();
    this.#options.log.info("the server forgets what this machine holds");
  }
}
