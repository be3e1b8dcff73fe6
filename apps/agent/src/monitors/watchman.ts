import { basename, dirname } from "node:path";
import { TEMPORARY_PREFIX } from "@thymus/store";
import type { Politeness } from "../citizen/politeness.ts";
import type { Keeper } from "../copies/keeper.ts";
import { factsAt } from "../files/regular.ts";
import type { Roots } from "../files/roots.ts";
import type { Prescriptions } from "../scanning/prescriptions.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Serial } from "../state/serial.ts";
import { refuseAt } from "../suspicion/collect.ts";
import type { Investigator, InvestigatorOptions } from "../suspicion/investigator.ts";
import { type CompareOptions, compareWithBaseline, createBaseline, hasBaseline } from "./recheck.ts";
import { RootGuard } from "./root-guard.ts";

export interface WatchmanOptions {
  readonly investigation: InvestigatorOptions;
  readonly investigator: Investigator;
  readonly keeper: Keeper;
  readonly politeness: Politeness;
  readonly prescriptions: Prescriptions;
  readonly roots: Roots;
  /** All work on files happens here, one piece after the other. */
  readonly serial: Serial;
}

/** Milliseconds that an event may take to arrive; what changed earlier and was not announced was lost. */
const LATE = 3000;

/** Watches all roots: by events, and by comparing with the baseline whenever events are not enough. */
export class Watchman {
  readonly #options: WatchmanOptions;
  readonly #guards = new Map<string, RootGuard>();
  #timer: NodeJS.Timeout | null = null;
  #lost = 0;
  #closed = false;

  constructor(options: WatchmanOptions) {
    this.#options = options;
    const { config, log } = options.investigation;
    for (const root of options.roots.all)
      this.#guards.set(
        root,
        new RootGuard({
          root,
          settleSeconds: config.agent.settleSeconds,
          skip: options.roots.skip,
          onFinished: (path) => this.#work(() => this.#refuse(root, path)),
          onSettled: (paths) => this.#work(() => this.#settle(root, paths)),
          onLost: () => {
            this.#countLost(1);
            this.#work(() => this.#recheck(root, false));
          },
          log,
        }),
      );
  }

  /** Watches, then compares: what changed while the agent was down is found, and nothing falls in between. */
  async start(): Promise<void> {
    const { investigation, prescriptions, serial } = this.#options;
    this.#lost = Number((await readMeta(investigation.db, "lost-events")) ?? 0);
    await serial.run(async () => {
      await this.#options.keeper.tidy();
      for (const [root, guard] of this.#guards) {
        await guard.ensure();
        if (await hasBaseline(investigation.db, root)) await this.#recheck(root, false);
        else await this.#begin(root);
        await this.#options.keeper.fill(root);
      }
      await prescriptions.carryOut();
    });
    this.#schedule();
  }

  async #begin(root: string): Promise<void> {
    const { decoys, log } = this.#options.investigation;
    if (this.#guards.get(root)?.blind?.endsWith("is no folder")) return;
    await decoys.plant(root);
    const programs = await createBaseline(this.#compareOptions(root));
    log.info("baseline made", { root, programs });
  }

  #compareOptions(root: string): CompareOptions {
    const { db, decoys, log, maxBytes } = this.#options.investigation;
    return {
      db,
      root,
      maxBytes,
      log,
      skip: (folder) => folder !== root && this.#options.roots.skip(folder),
      ignore: async (path) => (await decoys.get(path)) !== null || (await this.#ownWork(path)),
    };
  }

  /** True for a file that an unfinished repair or restore, also of another process, is about. */
  async #ownWork(path: string): Promise<boolean> {
    const rows = await this.#options.investigation.db
      .selectFrom("operation")
      .select(["path", "temporary"])
      .where((eb) => eb.or([eb("path", "=", path), eb("temporary", "=", basename(path))]))
      .execute();
    return rows.some((row) => row.path === path || dirname(row.path) === dirname(path));
  }

  #schedule(): void {
    const { config } = this.#options.investigation;
    this.#timer = setTimeout(async () => {
      await this.#work(() => this.#options.keeper.tidy());
      for (const root of this.#guards.keys())
        await this.#work(async () => {
          await this.#recheck(root, true);
          if (await this.#options.politeness.mayWork("recheck")) await this.#options.keeper.fill(root);
        });
      if (!this.#closed) this.#schedule();
    }, config.agent.recheckSeconds * 1000);
  }

  #work(work: () => Promise<void>): Promise<void> {
    const { investigation, serial } = this.#options;
    return serial
      .run(async () => {
        if (!this.#closed) await work();
      })
      .catch((error: Error) => investigation.log.error("work on files failed", { why: error.message }));
  }

  async #refuse(root: string, path: string): Promise<void> {
    if (await this.#ownWork(path)) return;
    await refuseAt(this.#options.investigation, root, path);
    const guard = this.#guards.get(root);
    // With all that waits: what came a moment before may be what wrote it.
    if (guard?.has(path) && (await this.#options.investigator.isUrgent(path)))
      await this.#settle(root, guard.take());
  }

  async #settle(root: string, paths: ReadonlySet<string>): Promise<void> {
    const now = new Set<string>();
    for (const path of paths) {
      if (basename(path).startsWith(TEMPORARY_PREFIX) && (await factsAt(path).catch(() => null)) === null)
        continue;
      if (this.#options.roots.of(path) !== root) continue;
      if (await this.#ownWork(path)) this.#guards.get(root)?.changed(path);
      else now.add(path);
    }
    if (now.size === 0) return;
    await this.#options.investigator.settle(root, now);
    await this.#options.keeper.take(root, now);
  }

  /** Compares a root with its baseline. @param counting whether a change that no event told of is a lost event */
  async #recheck(root: string, counting: boolean): Promise<void> {
    const { db, decoys } = this.#options.investigation;
    const guard = this.#guards.get(root)!;
    await guard.ensure();
    if (!(await hasBaseline(db, root))) {
      await this.#begin(root);
      return;
    }
    if (guard.blind?.endsWith("is no folder")) return;
    const { different } = await compareWithBaseline(this.#compareOptions(root));
    const touched = await decoys.touched(root);
    const fresh = [...different, ...touched].filter((path) => !guard.has(path));
    if (counting && guard.blind === null) this.#countLost(await this.#unannounced(fresh));
    if (fresh.length > 0) await this.#settle(root, new Set(fresh));
  }

  async #unannounced(paths: readonly string[]): Promise<number> {
    let count = 0;
    for (const path of paths) {
      const facts = await factsAt(path).catch(() => null);
      if (!facts || Date.now() - Number(facts.ctimeNs / 1_000_000n) < LATE) continue;
      const member = await this.#options.investigation.db
        .selectFrom("case_member")
        .select("path")
        .where("path", "=", path)
        .executeTakeFirst();
      if (!member) count++;
    }
    return count;
  }

  #countLost(more: number): void {
    if (more === 0) return;
    this.#lost += more;
    const { db, log } = this.#options.investigation;
    log.warn("events were lost; the folder is compared with the baseline", { lost: this.#lost });
    writeMeta(db, "lost-events", String(this.#lost)).catch(() => {});
  }

  requeue(root: string, paths: Iterable<string>): void {
    const guard = this.#guards.get(root);
    for (const path of paths) guard?.changed(path);
  }

  async health(): Promise<{ watched: string[]; files: number; lostEvents: number; blind: string | null }> {
    const row = await this.#options.investigation.db
      .selectFrom("file")
      .select((eb) => eb.fn.countAll<number>().as("files"))
      .where("program", "=", 1)
      .executeTakeFirstOrThrow();
    const blind = [...this.#guards.values()].flatMap((guard) => guard.blind ?? []);
    return {
      watched: this.#options.roots.all.slice(0, 256),
      files: Number(row.files),
      lostEvents: this.#lost,
      blind: blind.length > 0 ? blind.join("; ") : null,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const guard of this.#guards.values()) await guard.close();
  }
}
