/** What the fake internet remembers of a run, within limits, and how it is handed to the host. */

export type Protocol = "dns" | "http" | "https" | "smtp" | "tls" | "tcp" | "udp";

export interface Exchange {
  /** Seconds of the guest's uptime at which it began. */
  readonly at: number;
  readonly protocol: Protocol;
  readonly name: string | null;
  readonly address: string;
  readonly port: number;
  readonly what: string;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Start of what the sample sent. */
  readonly sent: Buffer;
}

export interface Publication {
  readonly at: number;
  readonly ecosystem: "npm" | "pypi";
  readonly name: string;
  readonly version: string;
  readonly token: string | null;
  readonly accepted: boolean;
  readonly before: string | null;
  readonly content: Buffer;
}

/** Sizes in bytes. With the lists all of it fits the disk's region. */
export const limits = {
  exchanges: 20_000,
  sentEach: 256 * 1024,
  sentAll: 24 * 1024 * 1024,
  publications: 200,
  publishedAll: 8 * 1024 * 1024,
  list: 12 * 1024 * 1024,
  what: 1024,
};
/** First bytes of what the host reads; the length of the list follows as four bytes, then the list, then the contents. */
export const MAGIC = "NETREC01";

export class Recorder {
  readonly #items: { text: string; content: Buffer }[] = [];
  #exchanges = 0;
  #publications = 0;
  #sent = 0;
  #published = 0;
  #list = 0;
  /** Exchanges and publications that found no room. */
  lost = 0;

  /** How many bytes of one exchange are worth keeping now. */
  get room(): number {
    return this.#exchanges >= limits.exchanges ? 0 : Math.min(limits.sentEach, limits.sentAll - this.#sent);
  }

  exchange(one: Exchange): void {
    const content = one.sent.subarray(0, Math.max(0, this.room));
    const { sent: _, ...rest } = one;
    if (this.#exchanges >= limits.exchanges) this.lost++;
    else if (
      this.#add("exchange", { ...rest, what: line(one.what), name: one.name?.slice(0, 255) ?? null }, content)
    ) {
      this.#exchanges++;
      this.#sent += content.length;
    }
  }

  publication(one: Publication): void {
    const { content, ...rest } = one;
    const fits = this.#published + content.length <= limits.publishedAll;
    if (!fits || this.#publications >= limits.publications) this.lost++;
    else if (this.#add("publication", rest, content)) {
      this.#publications++;
      this.#published += content.length;
    }
  }

  #add(kind: string, value: object, content: Buffer): boolean {
    const text = JSON.stringify({ kind, ...value, length: content.length });
    if (this.#list + text.length > limits.list) {
      this.lost++;
      return false;
    }
    this.#list += Buffer.byteLength(text) + 1;
    // A copy: the part must not hold a whole connection's buffers.
    this.#items.push({ text, content: Buffer.from(content) });
    return true;
  }

  /** Everything so far, as the host reads it. */
  *write(lostElsewhere = 0): Generator<Buffer> {
    const first = JSON.stringify({ kind: "end", lost: this.lost + lostElsewhere });
    const list = Buffer.from([...this.#items.map(({ text }) => text), first].join("\n"));
    const head = Buffer.alloc(MAGIC.length + 4);
    head.write(MAGIC, "latin1");
    head.writeUInt32BE(list.length, MAGIC.length);
    yield head;
    yield list;
    for (const { content } of this.#items) if (content.length > 0) yield content;
  }
}

/** One line of printable text. */
const line = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, limits.what);
