/** One TCP connection of the sample: finds out what it speaks and lets the right conversation answer. */
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { greetings, smtpPorts, sniff } from "./sniff.ts";
import { type Internet, type Peer, startTalk, type Talk, type Wire } from "./talk.ts";

/** Seconds of silence after which the server hangs up, as servers do. */
const IDLE_SECONDS = 10;
/** Bytes that may wait to be taken by a sample that does not read. */
const MAX_UNREAD = 4 * 1024 * 1024;

export type ContextOf = (name: string) => SecureContext;

/** Serves one connection; `closed` is called once when it is over. The result records what is left when it is called. */
export function serve(
  socket: Socket,
  internet: Internet,
  contextOf: ContextOf,
  closed: () => void,
): () => void {
  const address = (socket.localAddress ?? "").replace(/^::ffff:/, "");
  const peer: Peer = { address, port: socket.localPort ?? 0, serverName: null, secure: false };
  let inner = converse(socket, internet, peer, (start) => secure(start));
  socket.setTimeout(IDLE_SECONDS * 1000, () => socket.destroy());
  socket.on("error", () => {});
  socket.once("close", () => {
    inner();
    closed();
  });
  return () => inner();

  /** The sample began a TLS handshake with these bytes. */
  function secure(start: Buffer): void {
    const at = internet.uptime();
    socket.unshift(start);
    let done = false;
    const stream = new TLSSocket(socket, {
      isServer: true,
      secureContext: contextOf(address),
      ALPNProtocols: ["http/1.1"],
      SNICallback: (name, callback) => callback(null, contextOf(plainName(name) ?? address)),
    });
    const failed = (why: string) => {
      if (done) return;
      done = true;
      const name = plainName(serverName(stream)) ?? internet.book.nameOf(address);
      internet.recorder.exchange({
        ...{ at, protocol: "tls", name, address, port: peer.port, what: `handshake, ${why}` },
        ...{ bytesOut: socket.bytesRead, bytesIn: socket.bytesWritten, sent: start },
      });
    };
    inner = () => failed("then closed");
    stream.on("error", (error: NodeJS.ErrnoException) => {
      failed(`then ${(error.code ?? "an error").toLowerCase()}`);
      socket.destroy();
    });
    stream.once("close", () => socket.destroy());
    stream.once("secure", () => {
      done = true;
      const inside: Peer = { ...peer, secure: true, serverName: plainName(serverName(stream)) };
      inner = converse(stream, internet, inside, null);
    });
  }
}

const serverName = (stream: TLSSocket): string => {
  const name = (stream as TLSSocket & { servername?: unknown }).servername;
  return typeof name === "string" ? name : "";
};
const plainName = (name: string) => (/^[a-z0-9._-]{1,253}$/i.test(name) ? name.toLowerCase() : null);

/** Reads from a stream until it is clear what it speaks. The result records what is left when it is called. */
function converse(
  stream: Socket,
  internet: Internet,
  peer: Peer,
  secure: ((start: Buffer) => void) | null,
): () => void {
  let talk: Talk | null = null;
  let start = Buffer.alloc(0);
  const wire: Wire = {
    write(bytes) {
      if (stream.destroyed) return;
      if (stream.writableLength > MAX_UNREAD) stream.destroy();
      else stream.write(bytes);
    },
    end: () => void stream.end(),
  };
  const begin = (kind: Parameters<typeof startTalk>[0]) => {
    talk = startTalk(kind, internet, peer, wire);
    if (start.length > 0) talk.take(start);
  };
  const onData = (bytes: Buffer) => {
    if (talk) return talk.take(bytes);
    start = Buffer.concat([start, bytes]);
    const kind = sniff(start, peer.port);
    if (kind === "tls" && secure) {
      stream.off("data", onData);
      stream.pause();
      secure(start);
    } else if (kind !== null) begin(kind === "tls" ? "raw" : kind);
  };
  stream.on("data", onData);
  stream.on("error", () => {});
  if (!peer.secure && greetings[peer.port] !== undefined) wire.write(Buffer.from(greetings[peer.port]!));
  if (smtpPorts.includes(peer.port) && (peer.port !== 465 || peer.secure)) begin("smtp");
  return () => {
    // Nothing, or too little to tell what it would have been.
    if (!talk) begin("raw");
    talk!.close();
  };
}
