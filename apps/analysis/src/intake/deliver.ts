/** Keeps the leases of what waits alive, and brings the answers to the admin server. */
import {
  asThymusError,
  type CaseId,
  type ClaimReply,
  type ImmunizeReport,
  type Logger,
  type PrescriptionId,
  type ThymusError,
} from "@thymus/contracts";
import type { LinkClient } from "@thymus/trust";
import { gaveUpReport } from "./answer.ts";
import { pause } from "./pause.ts";
import type { Intake } from "./types.ts";

/** Seconds of a lease while a case is new here or being analysed; a killed centre costs so long. */
export const LEASE_SECONDS = 10;
/** Seconds of the lease of a case that waits: its number is bounded, and so are the renewals a second. */
const WAITING_SECONDS = 60;
/** Errors after which a case is no longer ours: another centre has it, or nobody waits for it. */
const notOurs = ["CONFLICT", "NOT_FOUND", "FORBIDDEN"];

type Work = NonNullable<ClaimReply["work"]>;
interface Held {
  readonly lease: string;
  progress: string;
  until: number;
}

export class Deliveries {
  readonly #link: LinkClient;
  readonly #log: Logger;
  readonly #stop: AbortSignal;
  readonly #taking = new Map<CaseId, string>();
  readonly #held = new Map<CaseId, Held>();
  #wake: AbortController = new AbortController();
  ended: Promise<unknown> = Promise.resolve();

  constructor(link: LinkClient, log: Logger, stop: AbortSignal) {
    this.#link = link;
    this.#log = log;
    this.#stop = stop;
  }

  start(intake: Intake): void {
    this.ended = Promise.all([this.#deliverLoop(intake), this.#renewLoop(intake)]);
  }

  /** There is something to deliver. */
  wake(): void {
    this.#wake.abort();
  }

  progress(id: CaseId, what: string): void {
    const held = this.#held.get(id);
    if (held) held.progress = what.slice(0, 256);
  }

  /** Renews the lease of a case that is not in the intake yet. */
  hold(id: CaseId, lease: string): { end(): void } {
    this.#taking.set(id, lease);
    return { end: () => void this.#taking.delete(id) };
  }

  /** A sample that cannot even be taken in. */
  async refuse(work: Work, error: ThymusError): Promise<void> {
    const { sha256, size, type } = work.sample;
    const report = gaveUpReport(work.case, { sha256, size, type }, error);
    await this.#report(work.case, work.lease, report, null);
  }

  async #deliverLoop(intake: Intake): Promise<void> {
    while (!this.#stop.aborted) {
      this.#wake = new AbortController();
      let failed = false;
      for (const { id, ticket, answer } of await this.#try(() => intake.undelivered(), [])) {
        if (this.#stop.aborted) return;
        try {
          await this.#report(id, ticket, answer.report, answer.prescription);
        } catch (thrown) {
          const error = asThymusError(thrown);
          if (!notOurs.includes(error.code)) {
            if (!this.#stop.aborted) this.#log.warn(`${id} not reported: ${error.code}: ${error.message}`);
            failed = true;
            continue;
          }
          this.#log.info(`${id} is no longer ours: ${error.message}`);
        }
        await this.#try(() => intake.delivered(id), undefined);
      }
      await pause(failed ? 2 : 30, AbortSignal.any([this.#stop, ...(failed ? [] : [this.#wake.signal])]));
    }
  }

  async #report(
    id: CaseId,
    lease: string,
    report: ImmunizeReport,
    prescription: PrescriptionId | null,
  ): Promise<void> {
    const { verdict, family, gaveUp } = report;
    await this.#link.send({
      ...{ type: "analysed", case: id, lease, verdict, family, prescription, gaveUp },
      report: JSON.stringify(report),
    });
    this.#log.info(`${id}: ${verdict}`, { prescription: prescription ?? "none" });
  }

  async #renewLoop(intake: Intake): Promise<void> {
    while (!this.#stop.aborted) {
      const waiting = await this.#try(() => intake.waiting(), []);
      const ids = new Set(waiting.map(({ id }) => id));
      for (const id of this.#held.keys()) if (!ids.has(id)) this.#held.delete(id);
      for (const { id, ticket, running } of waiting) {
        if (ticket === null) continue;
        const known = this.#held.get(id);
        if (known?.lease !== ticket)
          this.#held.set(id, { lease: ticket, progress: "waits for its turn", until: 0 });
        const held = this.#held.get(id)!;
        const now = performance.now();
        if (now < held.until) continue;
        const seconds = running ? LEASE_SECONDS : WAITING_SECONDS;
        held.until = now + (seconds * 1000) / 3;
        await this.#renew(id, held.lease, seconds, held.progress);
      }
      for (const [id, lease] of this.#taking) await this.#renew(id, lease, LEASE_SECONDS, "started");
      await pause(LEASE_SECONDS / 4, this.#stop);
    }
  }

  async #renew(id: CaseId, lease: string, leaseSeconds: number, progress: string): Promise<void> {
    if (this.#stop.aborted) return;
    await this.#link
      .send({ type: "renew", case: id, lease, leaseSeconds, progress })
      .catch((thrown: unknown) => {
        if (!this.#stop.aborted)
          this.#log.warn(`lease of ${id} not renewed: ${asThymusError(thrown).message}`);
      });
  }

  /** The intake may be closing: then there is nothing to do any more. */
  async #try<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (!this.#stop.aborted) this.#log.warn(asThymusError(thrown).message);
      return otherwise;
    }
  }
}
