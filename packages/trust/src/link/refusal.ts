import { asThymusError, errorTable, LinkReply, type Refusal } from "@thymus/contracts";
import { type ExchangeSecret, sealResponse } from "./seal.ts";

/** Content type of sealed requests and answers. */
export const LINK_CONTENT_TYPE = "application/vnd.thymus.link";

/** What a web server sends back. */
export interface LinkAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Errors that were thrown after the request could be opened: their answer can be sealed as well. */
const exchanges = new WeakMap<object, ExchangeSecret>();

/** Runs `work`; an error that it throws can then be answered sealed. */
export async function withinExchange<T>(exchange: ExchangeSecret, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = asThymusError(thrown);
    exchanges.set(error, exchange);
    throw error;
  }
}

export function sealReply(exchange: ExchangeSecret, body: LinkReply): Uint8Array {
  return sealResponse(exchange, Buffer.from(JSON.stringify(LinkReply.parse(body))));
}

/**
 * The answer to a request that was refused: a sealed Refusal where `openLinkRequest` could open it, else plain
 * `{"error": {code, message, hint}}`. Never throws.
 */
export function answerRefusal(thrown: unknown): LinkAnswer {
  const error = asThymusError(thrown);
  const status = errorTable[error.code].http;
  const exchange = exchanges.get(error);
  if (exchange === undefined) {
    return { status, contentType: "application/json", body: Buffer.from(JSON.stringify(error)) };
  }
  return { status, contentType: LINK_CONTENT_TYPE, body: sealReply(exchange, refusalOf(error)) };
}

/** The sealed form of an error: for `reply(refusalOf(error))`. */
export function refusalOf(thrown: unknown): Refusal {
  const { code, message, hint } = asThymusError(thrown);
  return { type: "refused", code, message, hint };
}
