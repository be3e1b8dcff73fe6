import type { Coverage as CoverageView, Logger } from "@thymus/contracts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import type { RootState } from "./messages.ts";
import type { KnownPoint } from "./points.ts";

/** File systems that are named of those that are not mounted. */
const NAMED = 8;

/** Accounts for every time in which something may have changed unseen; kept over restarts. */
export class Coverage {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #roots: readonly string[];
  readonly #states = new Map<string, RootState>();
  readonly #compared = new Map<string, string>();
  readonly expected: Record<string, readonly KnownPoint[]> = {};
  #gaps = 0;
  #lost = 0;

  private constructor(db: Database, log: Logger, roots: readonly string[]) {
    this.#db = db;
    this.#log = log;
    this.#roots = roots;
  }

  static async open(db: Database, log: Logger, roots: readonly string[]): Promise<Coverage> {
    const coverage = new Coverage(db, log, roots);
    coverage.#gaps = Number((await readMeta(db, "watch-gaps")) ?? 0);
    coverage.#lost = Number((await readMeta(db, "lost-events")) ?? 0);
    for (const root of roots) {
      const compared = await readMeta(db, `compared:${root}`);
      if (compared) coverage.#compared.set(root, compared);
      const known: (string | KnownPoint)[] = JSON.parse((await readMeta(db, `mounts:${root}`)) ?? "[]");
      // Earlier versions kept the names alone.
      coverage.expected[root] = known.map((one) =>
        typeof one === "string" ? { point: one, gone: null } : one,
      );
    }
    return coverage;
  }

  get lost(): number {
    return this.#lost;
  }

  state(root: string): RootState | null {
    return this.#states.get(root) ?? null;
  }

  /** Why changes of a root may go unseen until it is compared; null where none can. */
  blind(root: string): string | null {
    const state = this.#states.get(root);
    if (!state) return `${root} is not watched yet`;
    if (state.missing) return `${root} is no folder`;
    const away = state.away.slice(0, NAMED).map((point) => `${point} is not mounted`);
    const more = state.away.length - NAMED;
    if (more > 0) away.push(`${more} more file systems are not mounted`);
    return [...state.blind, ...away].join("; ") || null;
  }

  /** True for a path of a file system that is not mounted now: what is not there is not gone. */
  isAway(root: string, path: string): boolean {
    return (
      this.#states.get(root)?.away.some((point) => path === point || path.startsWith(`${point}/`)) === true
    );
  }

  learn(state: RootState): void {
    const before = this.#states.get(state.root);
    const blind = this.blind(state.root);
    this.#states.set(state.root, state);
    const now = this.blind(state.root);
    if (now !== null && now !== blind) this.#log.warn("blind", { why: now });
    if (state.reason !== null && before?.reason !== state.reason)
      this.#log.info("events come from a source that tells less", {
        root: state.root,
        source: state.kind,
        why: state.reason,
      });
    if (JSON.stringify(state.mounts) !== JSON.stringify(before?.mounts))
      this.#keep(`mounts:${state.root}`, JSON.stringify(state.mounts));
  }

  /** Something may have changed unseen; whoever calls compares. */
  gap(root: string, why: string): void {
    this.#gaps++;
    this.#log.warn("changes may have gone unseen; the folder is compared with the baseline", { root, why });
    this.#keep("watch-gaps", String(this.#gaps));
  }

  /** Changes that a comparison found and no event had told of. */
  countLost(more: number): void {
    if (more === 0) return;
    this.#lost += more;
    this.#log.warn("events were lost; a comparison with the baseline found the changes", {
      lost: this.#lost,
    });
    this.#keep("lost-events", String(this.#lost));
  }

  compared(root: string): void {
    const at = new Date().toISOString();
    this.#compared.set(root, at);
    this.#keep(`compared:${root}`, at);
  }

  view(): CoverageView {
    const here = this.#roots
      .flatMap((root) => this.#states.get(root) ?? [])
      .filter(({ missing }) => !missing);
    const kinds = new Set(here.map(({ kind }) => kind));
    const [only] = kinds;
    const compared = here.map(({ root }) => this.#compared.get(root) ?? null);
    const reasons = [...new Set(here.flatMap(({ reason }) => reason ?? []))];
    return {
      source: kinds.size > 1 ? "mixed" : (only ?? "none"),
      folders: here.reduce((sum, { folders }) => sum + folders, 0),
      gaps: this.#gaps,
      compared: compared.includes(null) ? null : (compared.sort()[0] ?? null),
      reason: reasons.length > 0 ? reasons.join("; ").slice(0, 512) : null,
    };
  }

  #keep(key: string, value: string): void {
    writeMeta(this.#db, key, value).catch(() => {});
  }
}
