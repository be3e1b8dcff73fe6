import { type Logger, type SyncReply, THYMUS_VERSION } from "@thymus/contracts";
import type { Contribution } from "../contribution/contribution.ts";
import type { Watchman } from "../monitors/watchman.ts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import type { Prescriptions } from "../scanning/prescriptions.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Notices } from "../state/notices.ts";
import type { Serial } from "../state/serial.ts";
import { tellServer } from "./courier.ts";
import { type EndedCasesOptions, endCase } from "./ended-cases.ts";
import { Freshness } from "./freshness.ts";
import { Loop } from "./loop.ts";
import type { Outbox } from "./outbox.ts";
import type { Server } from "./server.ts";

export interface ConversationOptions extends EndedCasesOptions {
  readonly active: ActivePrescriptions;
  readonly contribution: Contribution;
  readonly notices: Notices;
  /** Does what may write into the agent's own files. */
  readonly ours: <T>(work: () => Promise<T>) => Promise<T>;
  readonly outbox: Outbox;
  readonly prescriptions: Prescriptions;
  readonly serial: Serial;
  readonly server: Server;
  readonly watchman: Watchman;
  readonly log: Logger;
}

/** Seconds for which the server may hold a question while nothing is new. */
const WAIT = 20;
/** Milliseconds that two questions without news are apart at least. */
const PAUSE = 1000;

/** The talk with the server: one loop asks what is new, another tells what happened here, a third what this machine holds. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #asking: Loop;
  readonly #telling: Loop;
  readonly #contributing: Loop;
  readonly #freshness = new Freshness();

  constructor(options: ConversationOptions) {
    this.#options = options;
    options.notices.from(async () => this.#freshness.notices());
    const { contribution, db, log, outbox, server, timeline } = options;
    this.#asking = new Loop("sync", log, () => this.#ask());
    this.#telling = new Loop("report", log, () => tellServer(db, server, outbox, timeline));
    this.#contributing = new Loop("self", log, () => contribution.round(server.link));
  }

  start(): void {
    this.#asking.start();
    this.#telling.start();
    this.#contributing.start();
  }

  /** Something waits to be told. */
  wake(): void {
    this.#telling.wake();
  }

  async #ask(): Promise<number> {
    const { active, db, notices, ours, serial, server, watchman } = this.#options;
    const known = Number((await readMeta(db, "revision")) ?? 0);
    await this.#keepFresh();
    const began = performance.now();
    const reply = await server.link.send({
      type: "sync",
      known,
      waitSeconds: WAIT,
      health: {
        version: THYMUS_VERSION,
        active: active.ids as never,
        ...(await watchman.health()),
        notices: await notices.list(),
      },
    });
    if (reply.type !== "synced") return PAUSE;
    await serial.run(() => ours(() => this.#apply(reply)));
    if (reply.revision !== known) return 0;
    return Math.max(0, PAUSE - (performance.now() - began));
  }

  async #keepFresh(): Promise<void> {
    const { server } = this.#options;
    // Where it cannot even be opened, what is wanted says so.
    const source = await server.source().catch(() => null);
    await this.#freshness.keep(source);
  }

  /** The revision is kept only once all of it is done: what fails here is asked for and tried again. */
  async #apply(reply: SyncReply): Promise<void> {
    const { db, prescriptions, server } = this.#options;
    await server.learn(reply);
    await prescriptions.recall(reply.recalled);
    await prescriptions.assign(reply.assigned);
    // One that cannot be had, while the analysis centre is away say, keeps none of the rest waiting.
    let trouble: { readonly thrown: unknown } | null = null;
    try {
      await prescriptions.activate(this.#freshness.over(await server.source()));
    } catch (thrown) {
      trouble = { thrown };
    }
    await prescriptions.retire(reply.replaced ?? []);
    await prescriptions.carryOut();
    for (const ended of reply.cases) await endCase(this.#options, ended);
    if (trouble) throw trouble.thrown;
    await writeMeta(db, "revision", String(reply.revision));
    this.#telling.wake();
  }

  async close(): Promise<void> {
    await Promise.all([this.#asking.stop(), this.#telling.stop(), this.#contributing.stop()]);
  }
}
