/** Signs releases of the TUF repository and sends them, one after the other. */
import type { Prescription } from "@thymus/contracts";
import { type LinkClient, type PublishedFile, publishRequests, type TufPublisher } from "@thymus/trust";

export class Releases {
  readonly #publisher: TufPublisher;
  readonly #link: LinkClient;
  #last: Promise<void> = Promise.resolve();
  /** The server may lack files: at the start, and after whatever could not be sent. Then it gets all of them. */
  #behind = true;

  constructor(publisher: TufPublisher, link: LinkClient) {
    this.#publisher = publisher;
    this.#link = link;
  }

  publish(prescription: Prescription): Promise<void> {
    const path = `prescriptions/${prescription.id}.json`;
    const content = Buffer.from(`${JSON.stringify(prescription)}\n`);
    return this.#release(() => this.#publisher.publish([{ path, content }]));
  }

  timestamp(): Promise<void> {
    return this.#release(() => this.#publisher.refreshTimestamp());
  }

  /** One at a time, signed and sent: an older timestamp that arrives last would be a rollback. */
  async #release(sign: () => Promise<PublishedFile[]>): Promise<void> {
    const run = this.#last.then(async () => {
      const fresh = await sign();
      const behind = this.#behind;
      this.#behind = true;
      // In the order in which they must appear, timestamp last.
      for (const request of publishRequests(behind ? await this.#publisher.files() : fresh))
        await this.#link.send(request);
      this.#behind = false;
    });
    this.#last = run.catch(() => {});
    await run;
  }
}
