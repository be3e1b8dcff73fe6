import { type LinkReply, parseJsonDocument, SampleUpload, ThymusError } from "@thymus/contracts";
import { decodeBase64Url } from "../keys/raw-key.ts";
import { checkFresh, enrolledKey, type OpenOptions } from "./guard.ts";
import { MAX_SEAL_HEADER_CHARACTERS } from "./limits.ts";
import { decodeText } from "./open-request.ts";
import { sealReply, withinExchange } from "./refusal.ts";
import { openRequest } from "./seal.ts";
import { splitSigned, verifySigned } from "./signed.ts";

export interface OpenedUpload {
  readonly upload: SampleUpload;
  /** Seals the answer (`done` or a refusal), so that nothing between can feign that the sample arrived. */
  reply(body: LinkReply): Promise<Uint8Array>;
}

/**
 * Opens the `thymus-seal` header of a sample upload. The caller compares case and machine with its own, and the digest
 * with the body's. Give what it throws to `answerRefusal`.
 * @throws ThymusError SEAL_BROKEN, DOCUMENT_INVALID, UNAUTHENTICATED, REPLAYED
 */
export async function openUpload(text: string, options: OpenOptions): Promise<OpenedUpload> {
  const sealed = text.length <= MAX_SEAL_HEADER_CHARACTERS ? decodeBase64Url(text) : null;
  if (sealed === null) {
    throw new ThymusError(
      "SEAL_BROKEN",
      "the thymus-seal header is no base64url text",
      "send the sample again",
    );
  }
  const { plain, exchange } = await openRequest("upload", sealed, options.keys);
  return await withinExchange(exchange, async () => {
    const signed = splitSigned(plain);
    const upload = parseJsonDocument(SampleUpload, decodeText(signed.document), "the upload");
    verifySigned("upload", signed, options.keys.publicKey, await enrolledKey(upload.machine, options));
    // The document has no nonce of its own; the sender's ephemeral key is used once and bound to this ciphertext.
    await checkFresh(Buffer.from(exchange.enc).toString("base64url"), upload.at, options);
    return { upload, reply: async (body: LinkReply) => sealReply(exchange, body) };
  });
}
