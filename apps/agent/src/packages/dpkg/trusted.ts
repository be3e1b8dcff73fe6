import type { Manifests } from "./manifests.ts";
import type { PackageStatus } from "./status.ts";

/** A manifest as it was believed last. */
export interface Believed {
  readonly version: string;
  readonly digest: string;
}

/** Where what was believed is kept between two starts of the agent. */
export interface Memory {
  load(): Promise<string | null>;
  save(text: string): Promise<void>;
}

/** Remembers as long as it lives. */
export function shortMemory(): Memory {
  let kept: string | null = null;
  return {
    load: async () => kept,
    async save(text) {
      kept = text;
    },
  };
}

/**
 * Manifests carry no signature, and who is root can write them. So a manifest that changed is believed only where dpkg brought
 * another version: its status has that version, and dpkg.log, where one is kept, tells of it. A reinstalled package has the same manifest
 * as before. What is there when the agent looks for the first time is believed.
 */
export class Trusted {
  readonly #memory: Memory;
  #believed: Map<string, Believed> | null = null;
  readonly #doubted = new Map<string, string>();
  /** By a signed archive: no status and no log settles that. */
  readonly #refused = new Map<string, { digest: string; why: string }>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  doubt(info: string): string | null {
    return this.#refused.get(info)?.why ?? this.#doubted.get(info) ?? null;
  }

  /** Looks at manifests that were read anew. @param history `NAME:ARCH VERSION` that dpkg.log knows, null without a log */
  async judge(
    changed: readonly string[],
    manifests: Manifests,
    status: ReadonlyMap<string, PackageStatus>,
    history: () => Promise<ReadonlySet<string> | null>,
  ): Promise<void> {
    const first = this.#believed === null && (await this.#load());
    const believed = this.#believed!;
    let log: ReadonlySet<string> | null | undefined;
    // dpkg writes a manifest before it writes the version down: what was doubted is looked at again.
    for (const info of new Set([...changed, ...this.#doubted.keys()])) {
      const digest = manifests.digest(info);
      const now = status.get(info);
      if (this.#refused.get(info)?.digest !== digest) this.#refused.delete(info);
      if (digest === null) {
        this.#doubted.delete(info);
        continue;
      }
      const before = believed.get(info);
      const version = now?.version ?? "";
      if (before?.digest === digest) {
        // A version may change and its files not.
        if (now) believed.set(info, { version, digest });
        this.#doubted.delete(info);
        continue;
      }
      let why: string | null = null;
      if (!first) {
        if (!now) why = "dpkg's status does not know the package";
        else if (before && before.version === version)
          why = `its manifest changed, and its version ${version} did not`;
        else {
          log ??= await history();
          if (log && !log.has(`${now.package}:${now.architecture} ${version}`))
            why = `dpkg.log knows nothing of its version ${version}`;
        }
      }
      if (why === null) {
        this.#doubted.delete(info);
        believed.set(info, { version, digest });
      } else this.#doubted.set(info, why);
    }
    const there = new Set(manifests.packages());
    for (const info of believed.keys()) if (!there.has(info)) believed.delete(info);
    if (changed.length > 0) await this.#memory.save(JSON.stringify([...believed]));
  }

  /** A signed archive has this very manifest: that settles it. */
  async confirm(info: string, believed: Believed): Promise<void> {
    this.#doubted.delete(info);
    this.#refused.delete(info);
    this.#believed?.set(info, believed);
    await this.#memory.save(JSON.stringify([...(this.#believed ?? [])]));
  }

  /** A signed archive has another manifest than the one with this digest. */
  refuse(info: string, digest: string, why: string): void {
    this.#refused.set(info, { digest, why });
  }

  /** @returns true where nothing was believed before */
  async #load(): Promise<boolean> {
    const text = await this.#memory.load();
    this.#believed = new Map(text ? (JSON.parse(text) as [string, Believed][]) : []);
    return text === null;
  }
}
