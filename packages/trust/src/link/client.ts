import {
  type CaseId,
  EnrolReply,
  type EnrolRequest,
  type LinkEnvelope,
  type LinkReply,
  type LinkRequest,
  type MachineId,
  ThymusError,
} from "@thymus/contracts";
import { exchange, httpUrl } from "../http/http.ts";
import { decodeRawKey } from "../keys/raw-key.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import { readAnswer, readBody } from "./answer.ts";
import { type Link, sealEnvelope } from "./envelope.ts";
import { LINK_CONTENT_TYPE } from "./refusal.ts";
import { downloadSample, uploadSample } from "./sample-transfer.ts";

/** Seconds that a server may take beyond the time for which it was asked to wait. */
const PATIENCE_SECONDS = 30;

/** What the server answers to each request; any other type is a fault of the server. */
const ANSWERS = {
  sync: "synced",
  "open-case": "case-opened",
  claim: "claimed",
  outcome: "done",
  events: "done",
  "self-offer": "self-wanted",
  "self-part": "done",
  renew: "done",
  analysed: "done",
  publish: "done",
} as const satisfies Record<LinkRequest["type"], LinkReply["type"]>;

export interface LinkClientOptions {
  /** The admin server's address, e.g. `http://thymus.example`. A path before `/link` is kept. */
  readonly url: string;
  /** X25519 public key of the server (raw, base64url), from the join token. */
  readonly serverKey: string;
  readonly signing: SigningKeys;
  /** Null until this party has enrolled. */
  readonly machine: MachineId | null;
  /** URL of a plain HTTP proxy. */
  readonly proxy?: string | undefined;
  /** Largest sealed sample that is downloaded, in bytes; default 1 GiB. */
  readonly maxSampleBytes?: number;
  /** Ends whatever is under way: with UNREACHABLE. */
  readonly signal?: AbortSignal | undefined;
  /** This machine's clock; left out: the system's. */
  readonly now?: () => Date;
}

/** Says sealed messages to the admin server. Each call is one exchange; retrying is the caller's. */
export interface LinkClient {
  /** @throws ThymusError TOKEN_INVALID, TOKEN_USED or what else the server refuses with; UNREACHABLE, SEAL_BROKEN */
  enrol(request: EnrolRequest): Promise<EnrolReply>;
  /** A refusal becomes a ThymusError of its code. @throws ThymusError also UNREACHABLE, SEAL_BROKEN, TOO_LARGE */
  send(request: LinkRequest): Promise<LinkReply>;
  /** Uploads an age ciphertext for a case; returns once the server itself says that it arrived. @throws ThymusError */
  uploadSample(caseId: CaseId, file: string): Promise<void>;
  /**
   * Downloads the age ciphertext of a case under lease. Compare the digest of the opened sample with the case's: a
   * seal does not say who sealed. @throws ThymusError
   */
  downloadSample(caseId: CaseId, lease: string, destination: string): Promise<void>;
}

/** @throws ThymusError CONFIG_INVALID, KEY_INVALID */
export function createLinkClient(options: LinkClientOptions): LinkClient {
  const base = httpUrl(options.url, "the server's address");
  decodeRawKey(options.serverKey, "the server's key");
  if (options.proxy !== undefined) httpUrl(options.proxy, "the proxy");

  const enrolled = (): MachineId => {
    if (options.machine !== null) return options.machine;
    throw new ThymusError(
      "UNAUTHENTICATED",
      "this machine has not joined a server",
      "run thymus join URL TOKEN",
    );
  };
  const link: Link = {
    options,
    urlOf: (path) => new URL(`${base.pathname.replace(/\/$/, "")}/link/v1/${path}`, base),
    now: () => (options.now?.() ?? new Date()).toISOString(),
    enrolled,
  };

  return {
    async enrol(request) {
      const reply = await say(link, "enrol", { machine: null, body: request }, 0);
      if (reply.type === "enrolled") return EnrolReply.parse(reply);
      throw wrongAnswer(request.type, reply.type);
    },
    async send(request) {
      const wait = "waitSeconds" in request ? request.waitSeconds : 0;
      const reply = await say(link, "message", { machine: enrolled(), body: request }, wait);
      if (reply.type === ANSWERS[request.type]) return reply;
      throw wrongAnswer(request.type, reply.type);
    },
    uploadSample: (caseId, file) => uploadSample(link, caseId, file),
    downloadSample: (caseId, lease, destination) => downloadSample(link, caseId, lease, destination),
  };
}

async function say(
  link: Link,
  path: string,
  said: Pick<LinkEnvelope, "machine" | "body">,
  waitSeconds: number,
): Promise<LinkReply> {
  const { sealed, exchange: secret } = await sealEnvelope(link, said);
  const seconds = waitSeconds + PATIENCE_SECONDS;
  const response = await exchange({
    method: "POST",
    url: link.urlOf(path),
    proxy: link.options.proxy,
    headers: { "content-type": LINK_CONTENT_TYPE },
    body: sealed,
    silenceSeconds: seconds,
    totalSeconds: 2 * seconds,
    signal: link.options.signal,
  });
  return readAnswer(secret, response.status, await readBody(response));
}

function wrongAnswer(asked: string, answered: string): ThymusError {
  return new ThymusError(
    "DOCUMENT_INVALID",
    `the server answered ${asked} with ${answered}`,
    "bring server and agents to the same version",
  );
}
