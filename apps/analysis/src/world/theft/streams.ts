/** What left for one receiver, in order and in one piece, so that what was sent in portions is whole again. */
import type { NetworkExchange } from "../../chamber/chamber.ts";
import { readRequest } from "./http.ts";

export interface Part {
  readonly bytes: Uint8Array;
  readonly exchange: NetworkExchange;
}

export interface Stream {
  readonly host: string;
  /** Where in the exchanges, for people: `body`, `header cookie`, `names asked`. */
  readonly where: string;
  /** In a place in which a client shows who it is. */
  readonly shown: boolean;
  readonly parts: readonly Part[];
}

/** A gathered field that is longer would have been found in its body. Bytes. */
const MAX_FIELD = 64 * 1024;

export const hostOf = ({ name, address }: NetworkExchange): string =>
  (name ?? address).toLowerCase().replace(/\.$/, "");

/** Streams of everything but questions to name servers. */
export function streamsOf(network: readonly NetworkExchange[]): Stream[] {
  const streams = new Map<string, Stream & { parts: Part[]; field: boolean }>();
  const add = (exchange: NetworkExchange, where: string, bytes: Uint8Array, shown = false, field = false) => {
    if (bytes.length === 0) return;
    const host = hostOf(exchange);
    const key = `${host}\n${where}\n${shown}`;
    const stream = streams.get(key) ?? { host, where, shown, field, parts: [] };
    streams.set(key, stream);
    stream.parts.push({ bytes, exchange });
  };
  for (const exchange of network) {
    if (exchange.protocol === "dns") continue;
    const request = readRequest(exchange.sent);
    if (!request) {
      add(exchange, "data", exchange.sent, exchange.protocol === "smtp");
      continue;
    }
    add(exchange, "authorization", request.authorization, true);
    add(exchange, "address and headers", request.head, true);
    add(exchange, "body", request.body, /form-urlencoded/i.test(request.type));
    for (const { name, value } of request.fields)
      if (value.length <= MAX_FIELD) add(exchange, name, value, false, true);
  }
  // A field of a single request has been seen as part of that request.
  return [...streams.values()].filter((stream) => !stream.field || stream.parts.length > 1);
}

/** The exchange in which the byte at `at` of the joined stream lies. */
export function partAt(stream: Stream, at: number): number {
  let start = 0;
  for (const [index, { bytes }] of stream.parts.entries()) {
    start += bytes.length;
    if (at < start) return index;
  }
  return stream.parts.length - 1;
}
