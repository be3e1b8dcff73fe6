import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { outputDisk } from "../layout.ts";
import { readNetwork } from "../run/network.ts";
import { AddressBook, wellKnown } from "./addresses.ts";
import { limits, Recorder } from "./record.ts";
import { Registry } from "./registry.ts";
import { sniff } from "./sniff.ts";
import { type Internet, type Peer, startTalk } from "./talk.ts";
import { answerTime, DatagramStream, frame } from "./udp.ts";

const world = (): Internet => ({
  ...{
    book: new AddressBook(wellKnown),
    registry: new Registry(),
    recorder: new Recorder(),
    allowance: { left: 1 << 20 },
  },
  ...{ uptime: () => 5, clock: () => 0 },
});
const peer = (port: number): Peer => ({ address: "8.8.8.8", port, serverName: null, secure: false });

/** Talks, and gives back what was answered and what the host would read of it. */
async function talk(
  kind: Parameters<typeof startTalk>[0],
  port: number,
  said: readonly string[],
  internet = world(),
) {
  let answered = "";
  let ended = false;
  const wire = {
    write(bytes: Buffer) {
      answered += bytes.toString("latin1");
    },
    end() {
      ended = true;
    },
  };
  const one = startTalk(kind, internet, peer(port), wire);
  for (const text of said) one.take(Buffer.from(text, "latin1"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  one.close();
  one.close();
  return { answered, ended, ...(await readBack(internet.recorder)) };
}

async function readBack(recorder: Recorder) {
  const disk = Buffer.concat([Buffer.alloc(0), ...recorder.write()]);
  const { start } = outputDisk.network;
  return readNetwork(
    async (at, length) => disk.subarray(at - start, at - start + length),
    2,
    async () => "file",
  );
}

test("mail with a login is taken, and told in one line", async () => {
  const plain = Buffer.from("\0sam\0secret").toString("base64");
  const { answered, ended, network } = await talk("smtp", 25, [
    "EHLO x\r\n",
    `AUTH PLAIN ${plain}\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n`,
    "Subject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n",
  ]);
  assert.match(answered, /^220 .*235 .*354 .*250 .*221 /s);
  assert.ok(ended);
  assert.equal(network[0]!.what, "login sam; mail from a@b.c to d@e.f");
  assert.ok(Buffer.from(network[0]!.sent).includes(plain));
});

test("each request of a connection is one exchange, an unfinished one is told too", async () => {
  const { network, answered } = await talk("http", 80, [
    "GET /a HTTP/1.1\r\nHost: x.org\r\n\r\nPOST /b HTTP/1.1\r\nHost: x.org\r\nContent-Length: 9\r\n\r\nabc",
  ]);
  assert.match(answered, /^HTTP\/1\.1 200 /);
  assert.deepEqual(
    network.map(({ t, protocol, name, address, what }) => [t, protocol, name, address, what]),
    [
      [3, "http", "x.org", "8.8.8.8", "GET /a"],
      [3, "http", "dns.google", "8.8.8.8", "POST /b HTTP/1.1 (unfinished)"],
    ],
  );
});

test("what nobody knows is answered a few times only; a shell is sent home", async () => {
  const { answered, network } = await talk("raw", 4444, ["desk$ ", "uid=1000\ndesk$ ", "x", "y", "z"]);
  assert.equal(answered, "id\nexit\nok\n");
  assert.equal(network[0]!.what, "sent 24 bytes");
});

test("no bytes break a conversation", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("http", "dns", "smtp", "raw"),
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }),
      async (kind, parts) => {
        const one = startTalk(kind as "http", world(), peer(80), { write() {}, end() {} });
        for (const part of parts) one.take(Buffer.from(part));
        one.close();
      },
    ),
  );
});

test("first bytes and port tell the protocol", () => {
  const kind = (text: string, port = 80) => sniff(Buffer.from(text, "latin1"), port);
  assert.equal(kind("GET / HTTP/1.1", 9999), "http");
  assert.equal(kind("PO"), null);
  assert.equal(kind("\x16\x03\x01\x02"), "tls");
  assert.equal(kind("\x16"), null);
  assert.equal(kind("hello"), "raw");
  assert.equal(kind("x", 53), "dns");
  assert.equal(kind("EHLO", 587), "smtp");
});

test("a flood is counted, and what the host reads stays within the region", async () => {
  const recorder = new Recorder();
  const sent = Buffer.alloc(limits.sentEach * 2, 65);
  for (let index = 0; index < limits.exchanges + 500; index++)
    recorder.exchange({
      at: index,
      protocol: "udp",
      name: null,
      address: "1.2.3.4",
      port: 1,
      what: "\u00e9".repeat(2000),
      bytesOut: 1,
      bytesIn: 0,
      sent,
    });
  const size = [...recorder.write()].reduce((sum, part) => sum + part.length, 0);
  assert.ok(size < outputDisk.network.end - outputDisk.network.start);
  const { network, networkLost } = await readBack(recorder);
  assert.equal(network.length + networkLost, limits.exchanges + 500);
  assert.ok(network.length > 5000);
});

test("a region that was never written or is garbage gives no records and tells so", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.boolean(), async (bytes, marked) => {
      const disk = Buffer.concat([Buffer.from(marked ? "NETREC01\0\0\0\x40" : ""), Buffer.from(bytes)]);
      const { start } = outputDisk.network;
      const found = await readNetwork(
        async (at, length) => disk.subarray(at - start, at - start + length),
        0,
        async () => "",
      );
      assert.ok(found.networkLost > 0);
      assert.deepEqual(found.network, []);
    }),
  );
});

test("datagrams come with whom they were for; who asks for the time gets it", () => {
  const head = Buffer.alloc(36);
  head.writeUInt16BE(123, 2);
  Buffer.from("00000000000000000000ffff08080404", "hex").copy(head, 20);
  const bytes = frame(head, Buffer.concat([Buffer.of(0x23), Buffer.alloc(47)]));
  const stream = new DatagramStream();
  const [found] = [...stream.push(bytes.subarray(0, 10)), ...stream.push(bytes.subarray(10))];
  assert.deepEqual([found!.address, found!.port], ["8.8.4.4", 123]);
  const reply = answerTime(found!.payload, 1_700_000_000_000)!;
  assert.equal(reply[0]! & 7, 4);
  assert.equal(reply.readUInt32BE(40) - 2_208_988_800, 1_700_000_000);
  assert.equal(answerTime(Buffer.from("no"), 0), null);
});
