import { lstatSync } from "node:fs";
import type { RootState } from "./messages.ts";
import { isRemote, type Mount } from "./mounts.ts";
import { awayOf, type KnownPoint, promises, remembered } from "./points.ts";
import type { EventSource } from "./source.ts";
import type { Sources } from "./sources.ts";

/** Blind folders that are named. */
const NAMED = 8;

/** One root, as the reading thread has it open. */
export class WatchedRoot {
  readonly root: string;
  #source: EventSource | null = null;
  #identity: string | null = null;
  #reason: string | null = null;
  #failed: string | null = null;
  #mounts: readonly Mount[] = [];
  #points: readonly KnownPoint[];
  readonly #blind = new Map<string, string>();

  /** @param expected mount points that it had when the agent ran last */
  constructor(root: string, expected: readonly KnownPoint[]) {
    this.root = root;
    this.#points = expected;
  }

  /**
   * Opens the root, or opens it anew where it, or a mount of it, is not what it was.
   * @returns what happened, in words; null where nothing did
   */
  check(mounts: readonly Mount[], sources: Sources): string | null {
    const identity = identityOf(this.root);
    const same = identity === this.#identity && namesOf(mounts) === namesOf(this.#mounts);
    if (same && this.#failed === null) return null;
    const before = this.#identity;
    const why = same ? "can be watched again" : this.#whatChanged(identity, mounts);
    const wasFailed = this.#failed;
    this.#source?.drop(this.root);
    this.#source = null;
    this.#blind.clear();
    this.#reason = null;
    this.#failed = null;
    this.#identity = identity;
    this.#mounts = mounts;
    if (identity !== null) {
      try {
        const { source, reason } = sources.open(this.root);
        this.#source = source;
        this.#reason = reason;
      } catch (error) {
        this.#failed = (error as Error).message;
      }
    }
    if (same && this.#failed !== null && wasFailed !== null) return null;
    return before === null && identity === null ? null : why;
  }

  #whatChanged(identity: string | null, mounts: readonly Mount[]): string {
    if (identity === null) return "is gone";
    if (this.#identity === null) return "is there";
    if (identity !== this.#identity) return "was replaced, mounted over or unmounted";
    const points = new Set(mounts.map(({ point }) => point));
    const gone = this.#mounts.filter(({ point }) => !points.has(point)).map(({ point }) => point);
    return gone.length > 0 ? `lost the mount ${gone.join(", ")}` : "has other mounts than before";
  }

  blind(folder: string, error: Error): void {
    this.#blind.set(folder, error.message);
  }

  state(): RootState {
    const blind: string[] = [];
    if (this.#failed !== null) blind.push(`${this.root} cannot be watched: ${this.#failed}`);
    const folders = [...this.#blind];
    for (const [folder, why] of folders.slice(0, NAMED)) blind.push(`${folder} cannot be watched: ${why}`);
    if (folders.length > NAMED) blind.push(`${folders.length - NAMED} more folders cannot be watched`);
    for (const { point, type } of this.#mounts)
      if (isRemote(type)) blind.push(`${point} is ${type}: what other machines change gives no event`);
    // Of the mounts above the root, only what is at or below it matters.
    const below = this.root === "/" ? "/" : `${this.root}/`;
    const own = this.#mounts.filter(({ point }) => point === this.root || point.startsWith(below));
    const promised = promises();
    this.#points = remembered(this.#points, own, Date.now(), promised);
    return {
      root: this.root,
      kind: this.#source?.kind ?? "none",
      folders: this.#source?.folders(this.root) ?? 0,
      reason: this.#reason,
      missing: this.#identity === null,
      blind,
      away: awayOf(this.#points, promised),
      mounts: this.#points,
    };
  }
}

const namesOf = (mounts: readonly Mount[]): string =>
  mounts.map(({ id, device, point }) => `${id} ${device} ${point}`).join("\n");

function identityOf(path: string): string | null {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}` : null;
}
