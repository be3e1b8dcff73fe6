/**
 * The fake internet of the guest. Started by the gate, which hands over: 0 what it is told (`start`, `end`), 1 where it
 * answers, 3 and 4 the listening sockets for IPv4 and IPv6, 5 the datagrams. Runs on the guest's own Node, as root, out
 * of the sample's reach.
 */
import { readFileSync, writeSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { AddressBook, wellKnown } from "./addresses.ts";
import { Authority } from "./certificate.ts";
import { serve } from "./connection.ts";
import { Recorder } from "./record.ts";
import { type Offer, Registry } from "./registry.ts";
import type { Internet } from "./talk.ts";
import { answerDatagram, DatagramStream, frame } from "./udp.ts";

const [JOB = "/job"] = process.argv.slice(2);
/** Connections at one time; further ones are closed at once and counted as lost. */
const MAX_CONNECTIONS = 400;
const MAX_CONTEXTS = 200;
/** Names that many programs ask for: their certificates are made before the machine is saved. */
const expected = [
  ...[
    "registry.npmjs.org",
    "pypi.org",
    "files.pythonhosted.org",
    "upload.pypi.org",
    "api.github.com",
    "github.com",
  ],
  ...[
    "raw.githubusercontent.com",
    "api.ipify.org",
    "api.telegram.org",
    "discord.com",
    "example.org",
    "example.com",
  ],
];

const internet: Internet = {
  book: new AddressBook(wellKnown),
  registry: new Registry(),
  recorder: new Recorder(),
  allowance: { left: 32 * 1024 * 1024 },
  uptime: () => Number(process.hrtime.bigint()) / 1e9,
  clock: () => Date.now(),
};

const authority = new Authority();
const contexts = new Map<string, SecureContext>();
function contextOf(name: string): SecureContext {
  const known = contexts.get(name);
  if (known) return known;
  const { certificate, key } = authority.issue(name);
  const context = createSecureContext({ cert: certificate, key });
  const oldest = contexts.keys().next().value;
  if (contexts.size >= MAX_CONTEXTS && oldest !== undefined) contexts.delete(oldest);
  contexts.set(name, context);
  return context;
}

/** What open connections have to record when the run ends. */
const open = new Set<() => void>();
function listen(fd: number): void {
  createServer({ pauseOnConnect: false, allowHalfOpen: false }, (socket) => {
    if (open.size >= MAX_CONNECTIONS) {
      internet.recorder.lost++;
      socket.destroy();
      return;
    }
    const finish = serve(socket, internet, contextOf, () => void open.delete(finish));
    open.add(finish);
  }).listen({ fd });
}

function listenToDatagrams(): void {
  const gate = new Socket({ fd: 5, readable: true, writable: true });
  const stream = new DatagramStream();
  gate.on("data", (bytes: Buffer) => {
    for (const datagram of stream.push(bytes)) {
      const reply = answerDatagram(internet, datagram);
      if (reply && gate.writableLength < 1 << 20) gate.write(frame(datagram.head, reply));
    }
  });
}

interface Listing {
  readonly packages?: readonly (Omit<Offer, "read"> & { readonly file: string })[];
  readonly tokens?: ConstructorParameters<typeof Registry>[1];
}

/** A new run begins: everything of before is forgotten. */
function start(): void {
  let listing: Listing = {};
  try {
    listing = JSON.parse(readFileSync(join(JOB, "internet/registry.json"), "utf8")) as Listing;
  } catch {
    // A job without a registry: nothing is offered.
  }
  const offers = (listing.packages ?? []).map((one) => ({
    ...one,
    read: () => readFileSync(join(JOB, "internet", one.file)),
  }));
  internet.registry = new Registry(offers, listing.tokens);
  internet.recorder = new Recorder();
  internet.book = new AddressBook(wellKnown);
  write(Buffer.from("ok\n"));
}

/** The run is over: hands out all records, their length first. */
function end(): void {
  for (const finish of [...open]) finish();
  const parts = [...internet.recorder.write()];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  write(Buffer.from(`ready ${size}\n`));
  for (const part of parts) write(part);
}

/** Blocks until it is taken: nothing else is to be done then. */
function write(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

// A mistake in answering one connection must not silence all others.
process.on("uncaughtException", () => void internet.recorder.lost++);
process.on("unhandledRejection", () => void internet.recorder.lost++);
for (const name of expected) contextOf(name);
listen(3);
listen(4);
listenToDatagrams();
let told = "";
new Socket({ fd: 0, readable: true, writable: false }).setEncoding("latin1").on("data", (text: string) => {
  told += text;
  const lines = told.split("\n");
  told = lines.pop()!.slice(-64);
  for (const line of lines) {
    if (line === "start") start();
    if (line === "end") end();
    if (line === "certificate") write(Buffer.from(authority.certificate));
  }
});
write(Buffer.from("listening\n"));
