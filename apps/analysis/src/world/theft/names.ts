/** Questions to name servers as a way out: what the labels below one domain say together. */
import type { NetworkExchange } from "../../chamber/chamber.ts";
import { hostOf, type Part, type Stream } from "./streams.ts";

/** Most labels of a name (RFC 1035, 2.3.4). */
const MAX_LABELS = 127;

/** The name asked for as it was written, since the case of letters may mean something; null where it cannot be read. */
function written(message: Uint8Array): string[] | null {
  const labels: string[] = [];
  for (let at = 12; labels.length < MAX_LABELS; ) {
    const length = message[at];
    if (length === undefined || length > 63 || at + 1 + length > message.length) return null;
    if (length === 0) return labels;
    labels.push(Buffer.from(message.subarray(at + 1, at + 1 + length)).toString("latin1"));
    at += 1 + length;
  }
  return null;
}

function labelsOf(exchange: NetworkExchange): string[] {
  const name = hostOf(exchange);
  const labels = exchange.protocol === "dns" ? written(exchange.sent) : null;
  return labels && labels.join(".").toLowerCase() === name ? labels : name.split(".");
}

/** Streams of labels: all of them that stand before a domain, and those at the same place in each name. */
export function nameStreams(network: readonly NetworkExchange[]): Stream[] {
  const streams = new Map<string, Stream & { parts: Part[] }>();
  const last = new Map<string, string>();
  for (const exchange of network) {
    if (exchange.name === null) continue;
    const labels = labelsOf(exchange);
    const name = labels.join(".").toLowerCase();
    const domain = labels.slice(-2).join(".").toLowerCase();
    const before = labels.slice(0, -2);
    // The same name again is a second kind of question or a repetition.
    if (before.length === 0 || last.get(domain) === name) continue;
    last.set(domain, name);
    const add = (place: string, text: string) => {
      const key = `${domain}\n${place}`;
      const stream = streams.get(key) ?? { host: domain, where: "names asked", shown: false, parts: [] };
      streams.set(key, stream);
      stream.parts.push({ bytes: Buffer.from(text, "latin1"), exchange });
    };
    add("all", before.join(""));
    for (const [index, label] of before.entries()) add(`${index} of ${before.length}`, label);
  }
  return [...streams.values()];
}
