/** Answers questions to a name server: RFC 1035, over UDP and TCP. Pure: bytes in, bytes out. */
import type { AddressBook } from "./addresses.ts";
import { existsPublicly } from "./domains.ts";

const types: Readonly<Record<number, string>> = {
  ...{ 1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV" },
  ...{ 35: "NAPTR", 43: "DS", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 99: "SPF", 252: "AXFR", 255: "ANY" },
  ...{ 257: "CAA" },
};
const numbers = new Map(Object.entries(types).map(([number, name]) => [name, Number(number)]));
const [NO_ERROR, FORMAT_ERROR, NAME_ERROR, NOT_IMPLEMENTED] = [0, 1, 3, 4];
/** Seconds for which an answer holds. */
const TTL = 300;
/** RFC 1035 2.3.4. */
const [MAX_LABEL, MAX_NAME] = [63, 255];

export interface Question {
  readonly id: number;
  readonly flags: number;
  /** Lower case, without the last dot; empty for the root. */
  readonly name: string;
  readonly type: number;
  /** Bytes of the message up to the end of the question. */
  readonly end: number;
}

export interface DnsAnswer {
  /** In one line, e.g. `A example.org`. */
  readonly what: string;
  readonly name: string | null;
  readonly reply: Buffer;
}

/** The one question of a message, or null where it is none. A name in a question is not compressed (4.1.4 allows, nobody does). */
export function readQuestion(message: Buffer): Question | null {
  if (message.length < 12 || message.readUInt16BE(4) !== 1 || message[2]! & 0x80) return null;
  const labels: string[] = [];
  let at = 12;
  for (let total = 0; ; ) {
    const length = message[at];
    if (length === undefined || length > MAX_LABEL || at + 1 + length > message.length) return null;
    if (length === 0) break;
    total += length + 1;
    if (total > MAX_NAME) return null;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return null;
  const name = labels.join(".").toLowerCase();
  const [id, flags] = [message.readUInt16BE(0), message.readUInt16BE(2)];
  return { id, flags, name, type: message.readUInt16BE(at + 1), end: at + 5 };
}

export function encodeName(name: string): Buffer {
  const labels =
    name === "" ? [] : name.split(".").map((label) => Buffer.from(label.slice(0, MAX_LABEL), "latin1"));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}

interface Resource {
  readonly type: string;
  readonly data: Buffer;
}

const ipv4 = (address: string): Buffer => Buffer.from(address.split(".").map(Number));
const text = (line: string): Buffer =>
  Buffer.concat([Buffer.of(Math.min(255, line.length)), Buffer.from(line.slice(0, 255))]);

/** The address that a name like `4.3.2.1.in-addr.arpa` asks about. */
function reversed(name: string): string | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  return parts ? `${parts[4]}.${parts[3]}.${parts[2]}.${parts[1]}` : null;
}

/** What there is about a name, or null where there is no such name. */
export function lookUp(name: string, type: string, book: AddressBook): Resource[] | null {
  if (name === "localhost") return type === "A" ? [{ type: "A", data: ipv4("127.0.0.1") }] : [];
  const asked = reversed(name);
  if (asked !== null) {
    const known = book.nameOf(asked);
    return known === null ? null : [{ type: "PTR", data: encodeName(known) }];
  }
  if (!existsPublicly(name)) return null;
  switch (type) {
    case "A":
    case "ANY":
      return [{ type: "A", data: ipv4(book.addressOf(name)) }];
    case "MX":
      return [{ type, data: Buffer.concat([Buffer.of(0, 10), encodeName(`mail.${name}`)]) }];
    case "NS":
      return ["ns1", "ns2"].map((host) => ({ type, data: encodeName(`${host}.${name}`) }));
    case "SOA": {
      const numbers = Buffer.alloc(20);
      [2_024_010_101, 7200, 3600, 1_209_600, TTL].forEach(
        (value, index) => void numbers.writeUInt32BE(value, index * 4),
      );
      const names = [encodeName(`ns1.${name}`), encodeName(`hostmaster.${name}`)];
      return [{ type, data: Buffer.concat([...names, numbers]) }];
    }
    case "TXT":
      return [
        {
          type,
          data: text(
            name.startsWith("_dmarc.") ? "v=DMARC1; p=none" : `v=spf1 a mx include:_spf.${name} ~all`,
          ),
        },
      ];
    default:
      return [];
  }
}

function resource({ type, data }: Resource): Buffer {
  // The name is the one of the question, which begins at 12 (a pointer, 4.1.4).
  const head = Buffer.from([0xc0, 12, 0, numbers.get(type)!, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(TTL, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function reply(
  message: Buffer,
  question: Question | null,
  code: number,
  answers: readonly Resource[],
): Buffer {
  const head = Buffer.alloc(12);
  message.copy(head, 0, 0, 2);
  // An answer; recursion is wanted as the asker said, and available.
  head.writeUInt16BE(0x8080 | (((message[2] ?? 0) & 0x79) << 8) | code, 2);
  head.writeUInt16BE(question ? 1 : 0, 4);
  head.writeUInt16BE(answers.length, 6);
  return Buffer.concat([
    head,
    question ? message.subarray(12, question.end) : Buffer.alloc(0),
    ...answers.map(resource),
  ]);
}

/** Answers one message; null where it is too short for any answer. */
export function answerDns(message: Buffer, book: AddressBook): DnsAnswer | null {
  if (message.length < 12) return null;
  const question = readQuestion(message);
  if (!question) return { what: "not a question", name: null, reply: reply(message, null, FORMAT_ERROR, []) };
  const type = types[question.type] ?? `type ${question.type}`;
  const { name } = question;
  const what = `${type} ${printable(name)}`;
  if ((question.flags & 0x7800) !== 0)
    return { what, name, reply: reply(message, question, NOT_IMPLEMENTED, []) };
  const found = lookUp(name, type, book);
  return { what, name, reply: reply(message, question, found ? NO_ERROR : NAME_ERROR, found ?? []) };
}

const printable = (name: string) => name.replace(/[^\x21-\x7e]/g, "?") || ".";

/** Takes the messages out of a stream, each with its length before it (4.2.2). */
export class DnsStream {
  #rest = Buffer.alloc(0);

  push(bytes: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const messages: Buffer[] = [];
    while (this.#rest.length >= 2) {
      const length = this.#rest.readUInt16BE(0);
      if (this.#rest.length < 2 + length) break;
      messages.push(this.#rest.subarray(2, 2 + length));
      this.#rest = this.#rest.subarray(2 + length);
    }
    return messages;
  }
}

/** A message as it goes over a stream. */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 255), message]);
}
