import type { Logger } from "@thymus/contracts";
import type { Roots } from "../files/roots.ts";
import { walkFiles } from "../files/walk.ts";
import type { Cases } from "../suspicion/cases.ts";
import type { Copies } from "./copies.ts";

export interface KeeperOptions {
  readonly copies: Copies;
  readonly cases: Cases;
  readonly roots: Roots;
  readonly isDecoy: (path: string) => Promise<boolean>;
  readonly log: Logger;
}

/** Files that are taken together. */
const TOGETHER = 256;

/** Takes copies when nothing is suspect: never while a case of the root is open. */
export class Keeper {
  readonly #options: KeeperOptions;
  #full = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Files that were just accepted, or not: only accepted ones are kept. */
  async take(root: string, paths: Iterable<string>): Promise<void> {
    const { copies, cases } = this.#options;
    if (copies.folders.length === 0 || (await cases.openOf(root))) return;
    await this.#all([...paths]);
  }

  /** Everything in the chosen folders of a root, e.g. at the start or after a case. */
  async fill(root: string): Promise<void> {
    const { copies, cases, roots } = this.#options;
    const tops = copies.folders.flatMap((folder) =>
      folder === root || folder.startsWith(`${root}/`)
        ? [folder]
        : root.startsWith(`${folder}/`)
          ? [root]
          : [],
    );
    if (tops.length === 0 || (await cases.openOf(root))) return;
    const skip = (folder: string) => !tops.includes(folder) && roots.skip(folder);
    let some: string[] = [];
    for (const top of tops)
      for await (const path of walkFiles(top, { skip })) {
        if (roots.of(path) === root) some.push(path);
        if (some.length < TOGETHER) continue;
        await this.#all(some);
        some = [];
      }
    await this.#all(some);
  }

  /** Before the next round: what crashes left is removed, what was lost is told and made again, what is gone is noted. */
  async tidy(): Promise<void> {
    const { copies, log } = this.#options;
    try {
      const lost = await copies.sweep();
      if (lost.length > 0)
        log.warn("sealed copies are lost or damaged; where the file is as it was, they are made again", {
          copies: lost.length,
          paths: lost.slice(0, 20).map(({ path, at }) => `${path} (copy of ${at})`),
        });
      await copies.noteGone();
    } catch (error) {
      log.warn("the copies cannot be looked after", { why: (error as Error).message });
    }
  }

  async #all(paths: readonly string[]): Promise<void> {
    const { copies, isDecoy, log } = this.#options;
    const own: string[] = [];
    for (const path of paths) if (!(await isDecoy(path))) own.push(path);
    for (const [index, taken] of (await copies.takeAll(own)).entries()) {
      const path = own[index]!;
      if (taken instanceof Error) log.warn("a file cannot be copied", { path, why: taken.message });
      if (taken === "full" && !this.#full)
        log.warn("copies take all of agent.copyBytes: further files are not kept", { path });
      if (taken === "full" || taken === "kept") this.#full = taken === "full";
    }
  }
}
