import type { Logger } from "@thymus/contracts";
import type { Timeline } from "../link/timeline.ts";
import type { Database } from "../state/open.ts";
import type { PackageManager, Vouch } from "./manager.ts";

export interface ConfirmerOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly packages: PackageManager;
  readonly timeline: Timeline;
  /** Looks at these paths again. */
  readonly requeue: (path: string) => void;
}

/** Milliseconds after the last accepted package; a package manager at work is waited for. */
const QUIET = 5000;
/** Packages that are compared at a time. */
const AT_ONCE = 64;

/**
 * After packages were accepted by their manifests: compares these with the signed archives in apt's cache, at low priority and when nothing is
 * being installed. What the archives deny is judged anew.
 */
export class Confirmer {
  readonly #options: ConfirmerOptions;
  readonly #waiting = new Map<string, Pick<Vouch, "package" | "version">>();
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ConfirmerOptions) {
    this.#options = options;
  }

  add({ package: name, version, level }: Vouch): void {
    if (level !== "manifest" || this.#closed) return;
    this.#waiting.set(`${name} ${version}`, { package: name, version });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#work = this.#round().catch((error: Error) =>
        this.#options.log.warn("packages cannot be compared with their archives", { why: error.message }),
      );
    }, QUIET);
  }

  async #round(): Promise<void> {
    const { db, packages, requeue, timeline } = this.#options;
    if (await packages.busy()) return this.#schedule();
    const some = [...this.#waiting].slice(0, AT_ONCE);
    for (const [key] of some) this.#waiting.delete(key);
    const said = await packages.confirm(some.map(([, each]) => each));
    if (this.#closed) return;
    const good = said.filter(({ contradicts }) => contradicts === null);
    if (good.length > 0) {
      const names = good.slice(0, 5).map((each) => `${each.package} ${each.version}`);
      const more = good.length > names.length ? ` and ${good.length - names.length} more` : "";
      const what = `signed archives have the same manifests as this machine: ${names.join(", ")}${more} (signed)`;
      await timeline.note(db, null, what, true);
    }
    for (const { package: name, version, contradicts, paths } of said) {
      if (contradicts === null) continue;
      await timeline.note(db, null, `package ${name} ${version} is not believed any more: ${contradicts}`);
      for (const path of paths) requeue(path);
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#work;
  }
}
