/** Datagrams that the gate hands over: each with who sent it and whom it was for. */
import { dnsExchange, type Internet, type Peer } from "./talk.ts";

/** Length of what follows, then ports and addresses of both ends (IPv4 in the last four bytes), then the datagram. */
const [LENGTH, HEAD] = [4, 36];
const MAX_FRAME = 70_000;

export interface Datagram {
  /** As it came, to be sent back before an answer. */
  readonly head: Buffer;
  readonly address: string;
  readonly port: number;
  readonly payload: Buffer;
}

/** Takes datagrams out of the stream between gate and server. */
export class DatagramStream {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): Datagram[] {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const found: Datagram[] = [];
    while (this.#rest.length >= LENGTH + HEAD) {
      const length = this.#rest.readUInt32BE(0);
      if (length < HEAD || length > MAX_FRAME) throw new Error("the gate speaks another language");
      if (this.#rest.length < LENGTH + length) break;
      const head = this.#rest.subarray(LENGTH, LENGTH + HEAD);
      const payload = this.#rest.subarray(LENGTH + HEAD, LENGTH + length);
      found.push({ head, address: addressText(head.subarray(20, 36)), port: head.readUInt16BE(2), payload });
      this.#rest = this.#rest.subarray(LENGTH + length);
    }
    return found;
  }
}

export function frame(head: Buffer, payload: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32BE(HEAD + payload.length);
  return Buffer.concat([length, head, payload]);
}

function addressText(bytes: Buffer): string {
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff)
    return bytes.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return (
    groups
      .join(":")
      .replace(/\b0(:0\b)+/, "")
      .replace(/:{3,}/, "::")
      .replace(/^:(?!:)/, "::")
      .replace(/([^:]):$/, "$1::") || "::"
  );
}

/** Answers one datagram; null where there is nothing to say. */
export function answerDatagram(internet: Internet, { address, port, payload }: Datagram): Buffer | null {
  const peer: Peer = { address, port, serverName: null, secure: false };
  if (port === 53) return dnsExchange(internet, peer, payload);
  const reply = port === 123 ? answerTime(payload, internet.clock()) : null;
  internet.recorder.exchange({
    at: internet.uptime(),
    protocol: "udp",
    name: internet.book.nameOf(address),
    ...{ address, port, what: reply ? "asked for the time" : `sent ${payload.length} bytes` },
    ...{ bytesOut: payload.length, bytesIn: reply?.length ?? 0, sent: payload },
  });
  return reply;
}

/** Seconds from 1900 to 1970. */
const NTP_EPOCH = 2_208_988_800;

/** The time as RFC 5905 (7.3) sends it; `now` in milliseconds since 1970. Null where it was not asked for. */
export function answerTime(question: Buffer, now: number): Buffer | null {
  if (question.length < 48 || (question[0]! & 7) !== 3) return null;
  const reply = Buffer.alloc(48);
  // Server, version of the asker, stratum 2, poll 6, precision 2^-20.
  reply.set([0x04 | (question[0]! & 0x38), 2, 6, 0xec]);
  reply.writeUInt32BE(0x5bc2_2e0a, 12);
  question.copy(reply, 24, 40, 48);
  for (const at of [16, 32, 40]) {
    reply.writeUInt32BE((Math.floor(now / 1000) + NTP_EPOCH) >>> 0, at);
    reply.writeUInt32BE(Math.floor(((now % 1000) / 1000) * 2 ** 32) >>> 0, at + 4);
  }
  return reply;
}
