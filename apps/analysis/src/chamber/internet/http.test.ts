import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { answerHttp } from "./answer.ts";
import {
  type HttpEvent,
  HttpReader,
  hostOf,
  keepsAlive,
  MAX_BODY,
  type Request,
  writeResponse,
} from "./http.ts";
import { Registry } from "./registry.ts";

function readAll(text: string | Buffer, step = 1 << 20): HttpEvent[] {
  const reader = new HttpReader();
  const bytes = Buffer.from(text);
  const events: HttpEvent[] = [];
  for (let at = 0; at < bytes.length; at += step) events.push(...reader.push(bytes.subarray(at, at + step)));
  return events;
}
const requests = (events: HttpEvent[]) =>
  events.flatMap((event) => (event.kind === "request" ? [event.request] : []));
const one = (text: string): Request => requests(readAll(text))[0]!;

test("requests that follow each other are taken apart, wherever the stream is cut", () => {
  const text =
    "POST /a HTTP/1.1\r\nHost: One.example:80\r\nContent-Length: 3\r\n\r\nabc" +
    "PUT /b HTTP/1.1\r\nHost: two.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n2;q=1\r\n12\r\n0\r\nT: 1\r\n\r\n" +
    "GET /c HTTP/1.0\n\n";
  for (const step of [1, 2, 7, 1000]) {
    const all = requests(readAll(text, step));
    assert.deepEqual(
      all.map((request) => [
        request.method,
        request.target,
        request.body.toString(),
        hostOf(request),
        keepsAlive(request),
      ]),
      [
        ["POST", "/a", "abc", "one.example", true],
        ["PUT", "/b", "xyz12", "two.example", true],
        ["GET", "/c", "", null, false],
      ],
    );
    assert.equal(
      all.reduce((sum, request) => sum + request.size, 0),
      text.length,
    );
  }
});

test("who waits for leave to send a body gets it", () => {
  assert.deepEqual(
    readAll("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok").map(({ kind }) => kind),
    ["proceed", "request"],
  );
});

test("a body beyond the limit is counted and not kept, and the allowance comes back", () => {
  const allowance = { left: 100 };
  const reader = new HttpReader(allowance);
  const size = 1000;
  const events = reader.push(
    Buffer.from(`POST / HTTP/1.1\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`),
  );
  const [request] = requests(events);
  assert.deepEqual([request!.body.length, request!.cut, allowance.left], [100, true, 100]);
  reader.push(Buffer.from("POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nabc"));
  assert.equal(allowance.left, 97);
  assert.match(reader.unfinished()!.toString(), /abc$/);
  reader.close();
  assert.equal(allowance.left, 100);
  assert.ok(MAX_BODY > 1 << 20);
});

test("no bytes break the reader, and it keeps no more than its limits", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), (bytes, begun) => {
      const start = begun
        ? Buffer.from("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        : Buffer.alloc(0);
      readAll(Buffer.concat([start, Buffer.from(bytes)]), 13);
    }),
  );
  assert.equal(readAll(`GET / HTTP/1.1\r\n${"a: b\r\n".repeat(20_000)}`, 5000).at(-1)?.kind, "broken");
});

test("a response says its length; one to HEAD has no body; no header breaks out of its line", () => {
  const response = { status: 200, headers: { x: "a\r\nevil: 1" }, body: "hello" };
  const text = writeResponse(response, { method: "GET", keep: true, now: 0 }).toString();
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*content-length: 5\r\nconnection: keep-alive\r\n\r\nhello$/s);
  assert.doesNotMatch(text, /^evil/m);
  assert.match(writeResponse(response, { method: "HEAD", keep: false, now: 0 }).toString(), /\r\n\r\n$/);
});

const ask = async (start: string, headers = "", body = "") => {
  const length = body ? `Content-Length: ${body.length}\r\n` : "";
  const { response, what } = await answerHttp(
    new Registry(),
    one(`${start} HTTP/1.1\r\n${headers}${length}\r\n${body}`),
    "1.2.3.4",
    0,
  );
  return { status: response.status, body: (response.body ?? "").toString(), what };
};

test("hosts of the world answer what was asked for", async () => {
  assert.match((await ask("GET /a/install.sh", "Host: x.example.org\r\n")).body, /^#!\/bin\/sh/);
  assert.equal((await ask("GET /config.json", "Host: x.example.org\r\n")).body, "{}");
  assert.equal((await ask("POST /gate", "Host: x.example.org\r\n", "data")).body, '{"ok":true}');
  assert.match((await ask("GET /", "Host: <b>\r\n")).body, /<h1>1\.2\.3\.4</);
  assert.equal((await ask("GET /?format=json", "Host: api.ipify.org\r\n")).body.includes('"ip"'), true);
  assert.match((await ask("GET /bot.x86_64", "Host: x.example.org\r\n")).body, /^\x7fELF/);
  const role = "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  assert.equal((await ask(role)).body, "desk-role");
  assert.match((await ask(`${role}desk-role`)).body, /"AccessKeyId":"ASIA[A-Z2-7Q]{16}"/);
});

test("the token that came with a request stands in what it was", async () => {
  assert.equal(
    (await ask("GET /user", "Host: api.github.com\r\nAuthorization: Bearer ghp_secret\r\n")).what,
    "GET /user (token ghp_secret)",
  );
});
