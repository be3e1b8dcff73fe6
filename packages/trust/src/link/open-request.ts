import { LinkEnvelope, type LinkReply, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { checkFresh, enrolledKey, type OpenOptions } from "./guard.ts";
import { MAX_LARGE_MESSAGE_BYTES, messageLimit } from "./limits.ts";
import { sealReply, withinExchange } from "./refusal.ts";
import { openRequest } from "./seal.ts";
import { splitSigned, verifySigned } from "./signed.ts";

/** Characters of a nonce: at least 128 bits. */
const NONCE = /^[A-Za-z0-9_-]{22,64}$/;

export interface OpenedRequest {
  readonly envelope: LinkEnvelope;
  /** Seals the answer for the sender of this request. */
  reply(body: LinkReply): Promise<Uint8Array>;
}

/**
 * Opens and authenticates one sealed request. An enrolment must be signed by the key that it brings, everything else by
 * the key of the machine that it names; whether that machine may say it is for the caller to judge.
 * Give what it throws to `answerRefusal`.
 * @throws ThymusError TOO_LARGE, SEAL_BROKEN, DOCUMENT_INVALID, KEY_INVALID, UNAUTHENTICATED, REPLAYED
 */
export async function openLinkRequest(sealed: Uint8Array, options: OpenOptions): Promise<OpenedRequest> {
  checkSize(sealed, MAX_LARGE_MESSAGE_BYTES);
  const { plain, exchange } = await openRequest("request", sealed, options.keys);
  return await withinExchange(exchange, async () => {
    const signed = splitSigned(plain);
    const envelope = parseJsonDocument(LinkEnvelope, decodeText(signed.document), "the message");
    checkSize(sealed, messageLimit(envelope.body.type));
    if (!NONCE.test(envelope.nonce)) {
      throw new ThymusError(
        "DOCUMENT_INVALID",
        "the message: nonce of wrong length at nonce",
        "update the sender",
      );
    }
    verifySigned("request", signed, options.keys.publicKey, await senderKey(envelope, options));
    await checkFresh(envelope.nonce, envelope.at, options);
    return { envelope, reply: async (body: LinkReply) => sealReply(exchange, body) };
  });
}

async function senderKey({ machine, body }: LinkEnvelope, options: OpenOptions): Promise<string> {
  if (body.type === "enrol") {
    if (machine === null) return body.publicKey;
    throw new ThymusError(
      "DOCUMENT_INVALID",
      "the message: an enrolment names a machine at machine",
      "leave it out",
    );
  }
  if (machine !== null) return await enrolledKey(machine, options);
  throw new ThymusError("UNAUTHENTICATED", "the message names no machine", "join the server with a token");
}

/** Refuses bytes that are no UTF-8, so that the text is exactly what was signed. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ThymusError("DOCUMENT_INVALID", "the message is no UTF-8 text", "update the sender", { cause });
  }
}

function checkSize(sealed: Uint8Array, limit: number): void {
  if (sealed.length <= limit) return;
  throw new ThymusError(
    "TOO_LARGE",
    `the message has ${sealed.length} bytes, above the limit of ${limit}`,
    "send it in several parts",
  );
}
