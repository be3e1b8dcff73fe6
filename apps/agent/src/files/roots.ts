import { readFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import type { Config } from "@thymus/contracts";
import { foreignPoints, parseMounts } from "../watch/mounts.ts";

/** Milliseconds for which it is not asked again what is mounted. */
const MOUNTS_HOLD = 2000;

/** Folders that the agent looks after: those whose programs are watched, and those of documents. */
export function watchedFolders({ agent }: Config): string[] {
  return [...agent.watch, ...documentFolders({ agent })];
}

/** Folders of documents whose writers are judged. */
export function documentFolders({ agent }: Pick<Config, "agent">): readonly string[] {
  return agent.behaviour.mode === "off" ? [] : agent.behaviour.documents;
}

/** The watched folders, by their real paths, and whose each path is. */
export class Roots {
  readonly all: readonly string[];
  readonly #dataDir: string;
  /** The drill folder by its real path. */
  readonly drill: string;

  private constructor(all: readonly string[], dataDir: string, drill: string) {
    this.all = all;
    this.#dataDir = dataDir;
    this.drill = drill;
  }

  /** @param drill the drill folder, inside of the data folder; both exist */
  static async of(wanted: readonly string[], dataDir: string, drill: string): Promise<Roots> {
    const data = await realpath(dataDir);
    const drillFolder = await realpath(drill);
    const named = await Promise.all(wanted.map((path) => realpath(path).catch(() => path)));
    const outer = named.filter((path) => path !== data && !path.startsWith(`${data}/`));
    // A folder inside of another one is watched with it.
    const top = outer.filter(
      (path) => !outer.some((other) => other !== path && path.startsWith(`${other}/`)),
    );
    return new Roots([...new Set([...top, drillFolder])], data, drillFolder);
  }

  /** The root that a path belongs to; null outside of all, and for the agent's own data. */
  of(path: string): string | null {
    const inside = (folder: string) => path.startsWith(folder === "/" ? "/" : `${folder}/`);
    if (inside(this.drill)) return this.drill;
    if (path === this.#dataDir || inside(this.#dataDir)) return null;
    return this.all.find(inside) ?? null;
  }

  /** Folders below roots that are not to be entered: our own data, kernel file systems. */
  get skipped(): readonly string[] {
    return [this.#dataDir, "/proc", "/sys", "/dev", "/run"];
  }

  /** Those, and what is mounted now below roots and is not to be entered. */
  get skippedNow(): readonly string[] {
    return [...this.skipped, ...this.#foreignMounts()];
  }

  #foreign: ReadonlySet<string> = new Set();
  #looked = Number.NEGATIVE_INFINITY;

  /** True for a folder below another root that is not to be entered. */
  skip = (folder: string): boolean => this.skipped.includes(folder) || this.#foreignMounts().has(folder);

  #foreignMounts(): ReadonlySet<string> {
    if (performance.now() - this.#looked < MOUNTS_HOLD) return this.#foreign;
    this.#looked = performance.now();
    this.#foreign = new Set(foreignBelow(this.all));
    return this.#foreign;
  }
}

/** What is mounted now below some folders and is not to be entered ({@link foreignPoints}). Touches none of it. */
export function foreignBelow(tops: readonly string[]): string[] {
  try {
    return foreignPoints(tops, parseMounts(readFileSync("/proc/self/mountinfo", "utf8")));
  } catch {
    // No such file here: nothing is known of mounts.
    return [];
  }
}
