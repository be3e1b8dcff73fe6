import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import type { TargetFile, Targets } from "@tufjs/models";
import { Updater } from "tuf-js";
import { makePrivateFolder, removeLeftovers, writePrivateFile } from "../files/atomic.ts";
import { httpUrl } from "../http/http.ts";
import { RepositoryFetcher, tampered } from "./fetcher.ts";
import { sha256Hex } from "./published-folder.ts";
import { tufRefusal } from "./refusal.ts";
import { METADATA_FOLDER, targetPath } from "./repository.ts";
import {
  expiryOf,
  initialState,
  loadState,
  newestRoot,
  rootVersion,
  saveState,
  type TrustedState,
  targetsOf,
} from "./trusted-state.ts";

const DEFAULT_MAX_TARGET_BYTES = 64 * 1024 * 1024;
const SCRATCH = "refresh-";

export interface TufClientOptions {
  /** Folder of its own. One process at a time. */
  readonly dir: string;
  /** Root metadata that came over a trusted way (the sealed link). */
  readonly rootJson: string;
  /** Where the repository is served, e.g. `http://thymus.example/tuf/`. */
  readonly baseUrl: string;
  readonly proxy?: string | undefined;
  readonly maxTargetBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Hears when a damaged state was set aside: the client then starts from `rootJson` again. */
  readonly onDamage?: (why: string) => void;
  /** Called at each durable step with its name; a test may end the process there. */
  readonly checkpoint?: (name: string) => Promise<void>;
}

/**
 * Reads a TUF repository over any server, mirror or proxy. What was verified stays usable whatever the repository
 * becomes: a refused refresh changes nothing but a properly signed newer root.
 */
export class TufClient {
  readonly #options: TufClientOptions;
  #state: TrustedState;
  #targets: Targets | null;
  #refreshing: Promise<void> | null = null;

  private constructor(options: TufClientOptions, state: TrustedState) {
    this.#options = options;
    this.#state = state;
    this.#targets = targetsOf(state);
  }

  /** Works offline. @throws ThymusError TUF_UNTRUSTED (root of another repository than before, or none), CONFIG_INVALID */
  static async open(options: TufClientOptions): Promise<TufClient> {
    httpUrl(options.baseUrl, "the repository's address");
    const first = initialState(options.rootJson);
    await makePrivateFolder(join(options.dir, "targets"));
    await removeLeftovers(options.dir);
    await removeLeftovers(join(options.dir, "targets"));
    for (const name of await readdir(options.dir)) {
      if (name.startsWith(SCRATCH)) await rm(join(options.dir, name), { recursive: true, force: true });
    }
    const state = await loadState(stateFile(options.dir), options.onDamage ?? (() => {}));
    if (state !== null) checkSameRepository(state, options.rootJson);
    return new TufClient(options, state ?? first);
  }

  /**
   * Fetches and verifies the newest metadata (TUF specification section 5). Calls at the same time share one refresh.
   * @throws ThymusError TUF_ROLLBACK, TUF_EXPIRED, TUF_TAMPERED, TUF_UNTRUSTED, TUF_UNAVAILABLE
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** When what was verified runs out, unless it is refreshed before; null before the first refresh. */
  get expires(): Date | null {
    return expiryOf(this.#state);
  }

  /** Names of the targets in the newest verified metadata; empty before the first refresh. */
  targets(): string[] {
    return Object.keys(this.#targets?.targets ?? {});
  }

  /**
   * The content of a target, verified: from this machine where it was read before, else from the repository.
   * @throws ThymusError NOT_FOUND, TOO_LARGE, TUF_TAMPERED, TUF_UNAVAILABLE
   */
  async read(path: string): Promise<Uint8Array> {
    const targets = this.#targets?.targets ?? {};
    const target = Object.hasOwn(targets, path) ? targets[path] : undefined;
    if (target === undefined) {
      throw new ThymusError(
        "NOT_FOUND",
        `the prescription repository has no ${path}`,
        "refresh, or ask later",
      );
    }
    return (await this.#readKept(target)) ?? (await this.#download(target));
  }

  async #readKept(target: TargetFile): Promise<Uint8Array | null> {
    const content = await readFile(this.#keptFile(target)).catch(() => null);
    return content !== null && isTarget(content, target) ? content : null;
  }

  async #download(target: TargetFile): Promise<Uint8Array> {
    const { baseUrl, dir, proxy, signal, maxTargetBytes = DEFAULT_MAX_TARGET_BYTES } = this.#options;
    if (target.length > maxTargetBytes) {
      throw new ThymusError(
        "TOO_LARGE",
        `${target.path} has ${target.length} bytes, above the limit of ${maxTargetBytes}`,
        "raise the limit if that size is right",
      );
    }
    const fetcher = new RepositoryFetcher({ scratch: dir, proxy, signal });
    const url = under(baseUrl, targetPath(target.path, target.hashes.sha256 ?? ""));
    const content = await fetcher.downloadBytes(url, target.length).catch((thrown) => {
      throw fetcher.failure ?? thrown;
    });
    if (!isTarget(content, target)) throw tampered(`${target.path} does not match its signed digest`);
    await this.#options.checkpoint?.("trust.read.before-keep");
    await writePrivateFile(this.#keptFile(target), content);
    return content;
  }

  async #refresh(): Promise<void> {
    const { dir, baseUrl, proxy, signal } = this.#options;
    // tuf-js writes file by file: it works on a copy, which becomes ours only when everything was verified.
    const scratch = await mkdtemp(join(dir, SCRATCH));
    try {
      await this.#copyTo(scratch);
      const fetcher = new RepositoryFetcher({ scratch, proxy, signal });
      const updater = new Updater({
        metadataDir: scratch,
        metadataBaseUrl: under(baseUrl, METADATA_FOLDER),
        fetcher,
      });
      try {
        await updater.refresh();
      } catch (thrown) {
        const root = await readFile(join(scratch, "root.json"));
        await this.#keepRoot(root.toString("utf8"));
        throw tufRefusal(thrown, fetcher, root);
      }
      await this.#accept(scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #copyTo(scratch: string): Promise<void> {
    const { timestamp, snapshot, targets } = this.#state;
    const files = { root: newestRoot(this.#state), timestamp, snapshot, targets };
    for (const [role, text] of Object.entries(files)) {
      if (text !== null) await writeFile(join(scratch, `${role}.json`), text, { mode: 0o600 });
    }
  }

  /** Section 5.3.8: a newer root is kept even if what follows is refused, or revoked keys could come back. */
  async #keepRoot(rootJson: string): Promise<void> {
    if (rootJson === newestRoot(this.#state)) return;
    const roots = { ...this.#state.roots, [rootVersion(rootJson)]: rootJson };
    await this.#save({ ...this.#state, roots });
  }

  async #accept(scratch: string): Promise<void> {
    const text = (role: string) => readFile(join(scratch, `${role}.json`), "utf8");
    const [root, timestamp, snapshot, targets] = await Promise.all(
      ["root", "timestamp", "snapshot", "targets"].map(text) as [
        Promise<string>,
        Promise<string>,
        Promise<string>,
        Promise<string>,
      ],
    );
    const roots = { ...this.#state.roots, [rootVersion(root)]: root };
    await this.#save({ version: 1, roots, timestamp, snapshot, targets });
    await this.#removeUnlisted();
  }

  async #save(state: TrustedState): Promise<void> {
    await this.#options.checkpoint?.("trust.refresh.before-save");
    await saveState(stateFile(this.#options.dir), state);
    await this.#options.checkpoint?.("trust.refresh.after-save");
    this.#state = state;
    this.#targets = targetsOf(state);
  }

  /** Kept contents that no target leads to any more. */
  async #removeUnlisted(): Promise<void> {
    const listed = new Set(Object.values(this.#targets?.targets ?? {}).map((target) => target.hashes.sha256));
    const folder = join(this.#options.dir, "targets");
    for (const name of await readdir(folder)) {
      if (!name.startsWith(".") && !listed.has(name)) await rm(join(folder, name), { force: true });
    }
  }

  #keptFile(target: TargetFile): string {
    return join(this.#options.dir, "targets", target.hashes.sha256 ?? "");
  }
}

function stateFile(dir: string): string {
  return join(dir, "trusted.json");
}

function under(baseUrl: string, path: string): string {
  return new URL(path, baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`).href;
}

function isTarget(content: Uint8Array, target: TargetFile): boolean {
  return content.length === target.length && sha256Hex(content) === target.hashes.sha256;
}

/** A root of a version that was verified before must be that very one. */
function checkSameRepository(state: TrustedState, rootJson: string): void {
  const known = state.roots[rootVersion(rootJson)];
  if (known === undefined || known.trim() === rootJson.trim()) return;
  throw new ThymusError(
    "TUF_UNTRUSTED",
    "the given root belongs to another prescription repository than the one used until now",
    "if the analysis centre was set up anew, remove the folder of the old one's state and start again",
  );
}
