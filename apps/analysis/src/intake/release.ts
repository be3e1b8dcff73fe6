/** Signs releases of the TUF repository and sends them, one after the other. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Prescription, PrescriptionId } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { type LinkClient, type PublishedFile, publishRequests, type TufPublisher } from "@thymus/trust";

const FOLDER = "prescriptions/";

export class Releases {
  readonly #publisher: TufPublisher;
  readonly #link: LinkClient;
  /** Targets that were taken out because they retired: some may have to come back. */
  readonly #retired: string;
  #last: Promise<void> = Promise.resolve();
  /** The server may lack files: at the start, and after whatever could not be sent. Then it gets all of them. */
  #behind = true;

  constructor(publisher: TufPublisher, link: LinkClient, retired: string) {
    this.#publisher = publisher;
    this.#link = link;
    this.#retired = retired;
  }

  publish(prescription: Prescription): Promise<void> {
    const path = `${FOLDER}${prescription.id}.json`;
    const content = Buffer.from(`${JSON.stringify(prescription)}\n`);
    return this.#release(() => this.#publisher.publish([{ path, content }]));
  }

  /**
   * Takes the prescriptions that retired out of the targets, and puts back those that were taken out and are no longer
   * among them. Doing it again changes nothing; a kill in between loses nothing.
   */
  async retire(ids: readonly PrescriptionId[]): Promise<void> {
    const names = new Set(ids.map((id) => `${id}.json`));
    await mkdir(this.#retired, { recursive: true, mode: 0o700 });
    const kept = await readdir(this.#retired);
    const back = kept.filter((name) => name.startsWith("rx-") && !names.has(name));
    const targets = this.#publisher.targets().map((path) => path.slice(FOLDER.length));
    const gone = targets.filter((name) => names.has(name));
    if (back.length + gone.length === 0) return;
    for (const { path, content } of gone.length > 0 ? await this.#publisher.files() : []) {
      const name = gone.find((each) => path.startsWith(`targets/${FOLDER}`) && path.endsWith(`.${each}`));
      if (name) await writeFileAtomic(join(this.#retired, name), content);
    }
    const restored = await Promise.all(
      back.map(async (name) => ({
        path: `${FOLDER}${name}`,
        content: await readFile(join(this.#retired, name)),
      })),
    );
    await this.#release(() =>
      this.#publisher.publish(restored, { remove: gone.map((name) => `${FOLDER}${name}`) }),
    );
    for (const name of back) await rm(join(this.#retired, name), { force: true });
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
