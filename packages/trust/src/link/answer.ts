import { errorCodes, LinkReply, parseJsonDocument, type Refusal, ThymusError } from "@thymus/contracts";
import { z } from "zod";
import { type HttpResponse, readAll } from "../http/http.ts";
import { MAX_LARGE_MESSAGE_BYTES } from "./limits.ts";
import { decodeText } from "./open-request.ts";
import { type ExchangeSecret, openResponse, SEAL_VERSION } from "./seal.ts";

/** `{"error": ...}` of a request that could not be opened; more fields may come. */
const PlainError = z.object({
  error: z.object({ code: z.enum(errorCodes), message: z.string(), hint: z.string() }),
});

/**
 * Reads what came back: a sealed reply, or else an error of the server or of something between. What is sealed is told
 * by its first byte, since a proxy may rewrite headers.
 * @throws ThymusError the refusal's own code, SEAL_BROKEN, DOCUMENT_INVALID, UNREACHABLE
 */
export function readAnswer(exchange: ExchangeSecret, status: number, body: Uint8Array): LinkReply {
  if (body[0] !== SEAL_VERSION) throw plainError(status, body);
  const reply = parseJsonDocument(LinkReply, decodeText(openResponse(exchange, body)), "the answer");
  if (reply.type === "refused") throw refusedBy(reply);
  return reply;
}

/** The whole body of an answer. @throws ThymusError UNREACHABLE, also where it is larger than any answer of a server */
export async function readBody(response: HttpResponse): Promise<Uint8Array> {
  try {
    return await readAll(response, MAX_LARGE_MESSAGE_BYTES, "the answer");
  } catch (thrown) {
    if (!(thrown instanceof ThymusError) || thrown.code !== "TOO_LARGE") throw thrown;
    throw new ThymusError("UNREACHABLE", thrown.message, thrown.hint, { cause: thrown });
  }
}

/**
 * An answer without a seal: whoever sits between could have written it. It is told, but whatever code it names, it is
 * a reason to try again only, never one to give up.
 */
export function plainError(status: number, body: Uint8Array): ThymusError {
  const parsed = PlainError.safeParse(tryJson(body));
  if (parsed.success) {
    const { code, message, hint } = parsed.data.error;
    return new ThymusError("UNREACHABLE", `answered without a seal: ${code}: ${message}`, hint);
  }
  return new ThymusError(
    "UNREACHABLE",
    `something answered with status ${status} that is no Thymus server`,
    "check the address, and whether a proxy on the way asks for a login",
  );
}

function refusedBy({ code, message, hint }: Refusal): ThymusError {
  return new ThymusError(code, message, hint);
}

function tryJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return null;
  }
}
