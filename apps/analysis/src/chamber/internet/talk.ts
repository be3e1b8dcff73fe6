/** One conversation with the sample in one protocol: what came goes in, what is answered goes out, the rest is recorded. */
import type { AddressBook } from "./addresses.ts";
import { answerHttp } from "./answer.ts";
import { answerDns, DnsStream, framed } from "./dns.ts";
import { type Allowance, HttpReader, hostOf, keepsAlive, type Request, writeResponse } from "./http.ts";
import { answerRaw, MAX_ANSWERS } from "./raw.ts";
import { type Exchange, limits, type Protocol, type Recorder } from "./record.ts";
import type { Registry } from "./registry.ts";
import { SmtpSession } from "./smtp.ts";
import type { Kind } from "./sniff.ts";

/** All that conversations share. */
export interface Internet {
  book: AddressBook;
  registry: Registry;
  recorder: Recorder;
  readonly allowance: Allowance;
  /** Seconds of uptime, and milliseconds since 1970. */
  uptime(): number;
  clock(): number;
}

/** The other end of a conversation, as the sample addressed it. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** Name of the server that the sample gave in a TLS handshake. */
  readonly serverName: string | null;
  readonly secure: boolean;
}

export interface Wire {
  write(bytes: Buffer): void;
  end(): void;
}

export interface Talk {
  take(bytes: Buffer): void;
  /** The conversation is over: what is not recorded yet is recorded now. May be called more than once. */
  close(): void;
}

/** The one that the guest is told to ask. */
const NAME_SERVER = "192.168.1.1";

/** Keeps the start of what came, and counts all of it. */
class Sent {
  #parts: Buffer[] = [];
  #kept = 0;
  size = 0;

  add(bytes: Buffer, recorder: Recorder): void {
    this.size += bytes.length;
    const room = Math.min(limits.sentEach - this.#kept, recorder.room);
    if (room <= 0) return;
    this.#parts.push(Buffer.from(bytes.subarray(0, room)));
    this.#kept += Math.min(room, bytes.length);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

type Told = Pick<Exchange, "at" | "protocol" | "what" | "bytesOut" | "bytesIn" | "sent"> & {
  readonly name?: string | null;
};

function record(internet: Internet, peer: Peer, told: Told): void {
  const { port } = peer;
  const address = told.protocol === "dns" && peer.address === NAME_SERVER ? "" : peer.address;
  const name = told.name ?? peer.serverName ?? internet.book.nameOf(peer.address);
  internet.recorder.exchange({ ...told, name, address, port });
}

export function startTalk(kind: Exclude<Kind, "tls">, internet: Internet, peer: Peer, wire: Wire): Talk {
  switch (kind) {
    case "http":
      return httpTalk(internet, peer, wire);
    case "dns":
      return dnsTalk(internet, peer, wire);
    case "smtp":
      return smtpTalk(internet, peer, wire);
    case "raw":
      return rawTalk(internet, peer, wire);
  }
}

/** Requests that one connection may have waiting; who sends more without reading is not answered any more. */
const MAX_WAITING = 64;

function httpTalk(internet: Internet, peer: Peer, wire: Wire): Talk {
  const protocol: Protocol = peer.secure ? "https" : "http";
  const reader = new HttpReader(internet.allowance);
  let begun: number | null = null;
  let turn = Promise.resolve();
  let waiting = 0;
  let over = false;
  const respond = async (request: Request, at: number): Promise<void> => {
    const { method } = request;
    const { response, what, publication } = await answerHttp(
      internet.registry,
      request,
      peer.address,
      internet.clock(),
    );
    const keep = keepsAlive(request);
    const bytes = writeResponse(response, { method, keep, now: internet.clock() });
    const sent = Buffer.concat([request.head, request.body.subarray(0, limits.sentEach)]).subarray(
      0,
      limits.sentEach,
    );
    const host = hostOf(request);
    const name = host !== null && /[a-z]/.test(host) && !host.includes(":") ? host : null;
    record(internet, peer, { at, protocol, what, bytesOut: request.size, bytesIn: bytes.length, sent, name });
    if (publication) internet.recorder.publication({ ...publication, at });
    wire.write(bytes);
    if (!keep) wire.end();
  };
  return {
    take(bytes) {
      if (over) return;
      begun ??= internet.uptime();
      for (const event of reader.push(bytes)) {
        if (event.kind === "proceed") wire.write(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
        else if (event.kind === "request" && waiting < MAX_WAITING) {
          const at = begun ?? internet.uptime();
          begun = null;
          waiting++;
          turn = turn
            .then(() => respond(event.request, at))
            .catch(() => void internet.recorder.lost++)
            .finally(() => void waiting--);
        } else {
          if (event.kind === "request") internet.recorder.lost++;
          this.close();
          wire.write(writeResponse({ status: 400 }, { method: "GET", keep: false, now: internet.clock() }));
          wire.end();
          return;
        }
      }
    },
    close() {
      if (over) return;
      over = true;
      const rest = reader.unfinished();
      reader.close();
      if (rest === null) return;
      const first = rest.toString("latin1", 0, 700).split(/\r?\n/)[0]!;
      const at = begun ?? internet.uptime();
      record(internet, peer, {
        at,
        protocol,
        what: `${first} (unfinished)`,
        bytesOut: rest.length,
        bytesIn: 0,
        sent: rest,
      });
    },
  };
}

function dnsTalk(internet: Internet, peer: Peer, wire: Wire): Talk {
  const stream = new DnsStream();
  return {
    take(bytes) {
      for (const message of stream.push(bytes)) {
        const reply = dnsExchange(internet, peer, message);
        if (reply) wire.write(framed(reply));
      }
    },
    close() {},
  };
}

/** Answers and records one question to a name server. */
export function dnsExchange(internet: Internet, peer: Peer, message: Buffer): Buffer | null {
  const answered = answerDns(message, internet.book);
  record(internet, peer, {
    at: internet.uptime(),
    protocol: "dns",
    what: answered?.what ?? "not a question",
    name: answered?.name ?? null,
    ...{ bytesOut: message.length, bytesIn: answered?.reply.length ?? 0, sent: message },
  });
  return answered?.reply ?? null;
}

function smtpTalk(internet: Internet, peer: Peer, wire: Wire): Talk {
  const session = new SmtpSession();
  const sent = new Sent();
  const at = internet.uptime();
  let bytesIn = 0;
  let over = false;
  const say = (text: string) => {
    if (text === "") return;
    bytesIn += text.length;
    wire.write(Buffer.from(text, "latin1"));
  };
  say(SmtpSession.greeting);
  return {
    take(bytes) {
      sent.add(bytes, internet.recorder);
      say(session.push(bytes));
      if (session.ended) wire.end();
    },
    close() {
      if (over) return;
      over = true;
      const what = session.notes.join("; ") || "no mail";
      record(internet, peer, { at, protocol: "smtp", what, bytesOut: sent.size, bytesIn, sent: sent.bytes });
    },
  };
}

function rawTalk(internet: Internet, peer: Peer, wire: Wire): Talk {
  const sent = new Sent();
  const at = internet.uptime();
  let [bytesIn, answers, over] = [0, 0, false];
  return {
    take(bytes) {
      sent.add(bytes, internet.recorder);
      if (answers >= MAX_ANSWERS) return;
      const line = answerRaw(bytes, answers++);
      bytesIn += line.length;
      wire.write(Buffer.from(line));
    },
    close() {
      if (over) return;
      over = true;
      const protocol: Protocol = peer.secure ? "tls" : "tcp";
      const what = sent.size === 0 ? "connected, sent nothing" : `sent ${sent.size} bytes`;
      record(internet, peer, { at, protocol, what, bytesOut: sent.size, bytesIn, sent: sent.bytes });
    },
  };
}
