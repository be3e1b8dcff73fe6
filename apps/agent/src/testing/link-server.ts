import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  type CaseId,
  type LinkReply,
  type LinkRequest,
  newId,
  type OpenCase,
  type Prescription,
  type PrescriptionId,
  partDigest,
  type ReportOutcome,
  type SyncReply,
  type SyncRequest,
  ThymusError,
  type VouchedFile,
} from "@thymus/contracts";
import {
  answerRefusal,
  encodeToken,
  LINK_CONTENT_TYPE,
  loadOrCreateLinkKeys,
  loadOrCreateSampleIdentity,
  openBytes,
  openLinkRequest,
  openUpload,
  TufPublisher,
} from "@thymus/trust";

/** A small admin server and analysis centre for the agent's tests: the real protocol, scripted decisions. */
export class LinkServer {
  url = "";
  token = "";
  readonly cases = new Map<string, OpenCase>();
  readonly samples = new Map<string, Buffer>();
  readonly outcomes: ReportOutcome[] = [];
  readonly events: { case: string | null; what: string }[] = [];
  /** What the machine holds, by part; and how many parts were sent. */
  readonly self = new Map<number, VouchedFile[]>();
  selfParts = 0;
  health: SyncRequest["health"] | null = null;
  assigned: PrescriptionId[] = [];
  recalled: PrescriptionId[] = [];
  replaced: { id: PrescriptionId; by: PrescriptionId }[] = [];
  ended: SyncReply["cases"] = [];
  /** What open-case is answered with. */
  known: PrescriptionId | null = null;
  uploads = 0;
  revision = 1;
  /** Another repository folder that is served in place of the true one. */
  instead: string | null = null;
  readonly #dir: string;
  readonly #keys = new Map<string, string>();
  readonly #nonces = new Set<string>();
  #server!: Server;
  #tuf!: TufPublisher;
  #identity = "";
  #recipient = "";
  readonly #secret = "c2VjcmV0LXNlY3JldA";

  constructor(dir: string) {
    this.#dir = dir;
  }

  async start(): Promise<this> {
    const link = await loadOrCreateLinkKeys(join(this.#dir, "link.pem"));
    const sample = await loadOrCreateSampleIdentity(join(this.#dir, "sample.age"));
    this.#identity = sample.identity;
    this.#recipient = sample.recipient;
    this.#tuf = await TufPublisher.open({ dir: join(this.#dir, "tuf") });
    await this.#tuf.publish([]);
    const options = {
      keys: link,
      publicKeyOf: async (machine: string) => this.#keys.get(machine) ?? null,
      seen: async (nonce: string) => {
        const known = this.#nonces.has(nonce);
        this.#nonces.add(nonce);
        return known;
      },
    };
    this.#server = createServer(async (request, response) => {
      try {
        if (request.url?.startsWith("/tuf/")) {
          const file = join(this.instead ?? this.repository, request.url.slice("/tuf/".length));
          const content = await readFile(file).catch(() => null);
          response.writeHead(content ? 200 : 404).end(content ?? "");
          return;
        }
        const body = await bodyOf(request);
        let reply: Uint8Array;
        if (request.method === "PUT") {
          const opened = await openUpload(String(request.headers["thymus-seal"]), options);
          if (createHash("sha256").update(body).digest("hex") !== opened.upload.ciphertext)
            throw new ThymusError("SEAL_BROKEN", "another ciphertext", "send it again");
          this.uploads++;
          this.samples.set(opened.upload.case, Buffer.from(await openBytes(body, this.#identity)));
          reply = await opened.reply({ type: "done" });
        } else {
          const opened = await openLinkRequest(body, options);
          reply = await opened.reply(await this.#answer(opened.envelope.body as never));
        }
        response.writeHead(200, { "content-type": LINK_CONTENT_TYPE }).end(reply);
      } catch (thrown) {
        const answer = answerRefusal(thrown);
        response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
      }
    });
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.token = encodeToken({ version: 1, secret: this.#secret, server: link.publicKey });
    return this;
  }

  async #answer(request: LinkRequest | { type: "enrol"; publicKey: string }): Promise<LinkReply> {
    switch (request.type) {
      case "enrol": {
        const machine = newId("machine");
        this.#keys.set(machine, request.publicKey);
        return { type: "enrolled", machine, recipient: this.#recipient, tufRoot: this.#tuf.root() };
      }
      case "sync": {
        this.health = request.health;
        const until = Date.now() + Math.min(request.waitSeconds, 2) * 1000;
        while (request.known === this.revision && Date.now() < until)
          await new Promise((resolve) => setTimeout(resolve, 20));
        return {
          type: "synced",
          revision: this.revision,
          assigned: this.assigned,
          recalled: this.recalled,
          ...(this.replaced.length > 0 ? { replaced: this.replaced } : {}),
          recipient: this.#recipient,
          tufRoot: this.#tuf.root(),
          cases: this.ended,
        };
      }
      case "open-case": {
        this.cases.set(request.id, request);
        return { type: "case-opened", upload: this.known === null, known: this.known };
      }
      case "self-offer": {
        const held = (part: number) => partDigest(this.self.get(part) ?? []);
        request.parts.forEach((digest, part) => {
          if (digest === null) this.self.delete(part);
        });
        const parts = request.parts.flatMap((digest, part) =>
          digest !== null && digest !== held(part) ? [part] : [],
        );
        return { type: "self-wanted", parts };
      }
      case "self-part":
        this.selfParts++;
        this.self.set(request.part, request.files);
        return { type: "done" };
      case "outcome":
        this.outcomes.push(request);
        return { type: "done" };
      case "events":
        this.events.push(...request.events);
        return { type: "done" };
      default:
        throw new ThymusError("FORBIDDEN", `an agent does not say ${request.type}`, "none");
    }
  }

  async prescribe(prescription: Prescription): Promise<void> {
    const content = Buffer.from(JSON.stringify(prescription));
    await this.#tuf.publish([{ path: `prescriptions/${prescription.id}.json`, content }]);
    this.assigned = [...this.assigned, prescription.id];
    this.revision++;
  }

  /** Publishes any bytes, signed like all else. */
  async publish(path: string, content: Uint8Array): Promise<void> {
    await this.#tuf.publish([{ path, content }]);
  }

  /** Assigns what is no target now, as one that retired before and is given back while the analysis centre is away. */
  assignMissing(id: PrescriptionId): void {
    this.assigned = [...this.assigned, id];
    this.revision++;
  }

  /** The last of these is on every machine: the others retire. */
  replace(id: PrescriptionId, by: PrescriptionId): void {
    this.replaced = [...this.replaced, { id, by }];
    this.assigned = this.assigned.filter((each) => each !== id);
    this.revision++;
  }

  /** Takes a replacement back, and gives the old one to the machine again. */
  giveBack(id: PrescriptionId): void {
    this.replaced = this.replaced.filter((pair) => pair.id !== id);
    this.assigned = [...this.assigned, id];
  }

  recall(id: PrescriptionId): void {
    this.recalled = [...this.recalled, id];
    this.assigned = this.assigned.filter((each) => each !== id);
    this.revision++;
  }

  end(id: CaseId, outcome: string): void {
    this.ended = [...this.ended, { id, outcome, verdict: null, why: null }];
    this.revision++;
  }

  /** Every byte of the newest timestamp becomes wrong, as a tampering mirror would do. */
  /** Folder of the publisher. */
  get publisher(): string {
    return join(this.#dir, "tuf");
  }

  get repository(): string {
    return join(this.publisher, "repository");
  }

  spoil(): void {
    writeFileSync(join(this.#dir, "tuf", "repository", "metadata", "timestamp.json"), "{}");
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
