import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CaseId, EnrolRequest, LinkReply } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts";
import { CLAIM, DONE, MACHINE, newLinkKeys, newSigningKeys, serverSide } from "../testing/parties.ts";
import { scratchFolder } from "../testing/scratch.ts";
import { bodyOf, type Handler, serve, serveProxy } from "../testing/web.ts";
import { createLinkClient, type LinkClientOptions } from "./client.ts";
import { openLinkRequest } from "./open-request.ts";
import { openUpload } from "./open-upload.ts";
import { answerRefusal, LINK_CONTENT_TYPE, refusalOf } from "./refusal.ts";

const keys = newLinkKeys();
const signing = newSigningKeys();
const CASE = "case-0a" as CaseId;
const CLAIMED: LinkReply = { type: "claimed", work: null };

const clientFor = (url: string, over: Partial<LinkClientOptions> = {}) =>
  createLinkClient({ url, serverKey: keys.publicKey, signing, machine: MACHINE, ...over });

/** The server's side of the link in a few lines; `answer` decides. */
function link(answer: (body: { type: string }) => LinkReply | Promise<LinkReply>): Handler {
  const options = serverSide(keys, signing.publicKey, () => Date.now());
  return async (request, response) => {
    try {
      const opened = await openLinkRequest(await bodyOf(request), options);
      const body = await opened.reply(await answer(opened.envelope.body));
      response.writeHead(200, { "content-type": LINK_CONTENT_TYPE }).end(body);
    } catch (thrown) {
      const { status, contentType, body } = answerRefusal(thrown);
      response.writeHead(status, { "content-type": contentType }).end(body);
    }
  };
}

test("enrolment and messages go through a proxy that only forwards", async (t) => {
  const url = await serve(
    t,
    link(({ type }) =>
      type === "enrol" ? { type: "enrolled", machine: MACHINE, recipient: null, tufRoot: null } : CLAIMED,
    ),
  );
  const proxy = await serveProxy(t);
  const enrol: EnrolRequest = {
    type: "enrol",
    secret: "c2VjcmV0",
    role: "agent",
    hostname: "host",
    publicKey: signing.publicKey,
    version: "0.1.0",
    analysis: null,
  };
  const enrolled = await clientFor(url, { machine: null, proxy: proxy.url }).enrol(enrol);
  assert.equal(enrolled.machine, MACHINE);
  assert.deepEqual(await clientFor(url, { proxy: proxy.url }).send(CLAIM), CLAIMED);
  assert.deepEqual(await clientFor(`${url}/`).send(CLAIM), CLAIMED);
  assert.deepEqual(proxy.forwarded, ["POST /link/v1/enrol", "POST /link/v1/message"]);
});

test("a sealed refusal becomes an error of its code; without a seal it is only a reason to try again", async (t) => {
  const full = new ThymusError("TOO_MANY", "too many open cases", "wait");
  const url = await serve(
    t,
    link(() => refusalOf(full)),
  );
  await assert.rejects(clientFor(url).send(CLAIM), {
    code: "TOO_MANY",
    message: full.message,
    hint: full.hint,
  });
  const stranger = createLinkClient({ url, serverKey: newLinkKeys().publicKey, signing, machine: MACHINE });
  await assert.rejects(stranger.send(CLAIM), {
    code: "UNREACHABLE",
    message: /without a seal: SEAL_BROKEN: .*another server/,
  });
  const unknown = clientFor(url, { machine: "machine-other" as typeof MACHINE });
  await assert.rejects(unknown.send(CLAIM), { code: "UNAUTHENTICATED" });
  const slow = clientFor(url, { now: () => new Date(Date.now() - 3_600_000) });
  await assert.rejects(slow.send(CLAIM), { code: "UNAUTHENTICATED", message: /60 minutes behind/ });
});

test("an answer of the wrong type, of somebody else or of a login page is refused", async (t) => {
  await assert.rejects(
    clientFor(
      await serve(
        t,
        link(() => DONE),
      ),
    ).send(CLAIM),
    { code: "DOCUMENT_INVALID" },
  );
  const answers: [Buffer, string][] = [
    [Buffer.from("<html>Please log in</html>"), "UNREACHABLE"],
    [Buffer.alloc(0), "UNREACHABLE"],
    [Buffer.from('{"error":{"code":"MADE_UP","message":"m","hint":"h"}}'), "UNREACHABLE"],
    [Buffer.from('{"error":{"code":"TOO_LARGE","message":"m","hint":"h"}}'), "UNREACHABLE"],
    [Buffer.from('{"error":{"code":"FORBIDDEN","message":"m","hint":"h"}}'), "UNREACHABLE"],
    [Buffer.concat([Buffer.of(1), Buffer.alloc(200)]), "SEAL_BROKEN"],
    [Buffer.alloc(9 * 1024 * 1024), "UNREACHABLE"],
  ];
  for (const [body, code] of answers) {
    const url = await serve(t, (request, response) => {
      request.resume().on("end", () => response.end(body));
    });
    await assert.rejects(clientFor(url).send(CLAIM), { name: "ThymusError", code });
  }
});

test("trouble of the network is UNREACHABLE", async (t) => {
  await assert.rejects(clientFor("http://127.0.0.1:1").send(CLAIM), { code: "UNREACHABLE" });
  const url = await serve(
    t,
    link(() => CLAIMED),
  );
  await assert.rejects(clientFor(url, { proxy: "http://127.0.0.1:1" }).send(CLAIM), { code: "UNREACHABLE" });
  const hangUp = await serve(t, (request) => void request.destroy());
  await assert.rejects(clientFor(hangUp).send(CLAIM), { code: "UNREACHABLE" });
  const cutShort = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": 100 }).write("x", () => response.destroy());
  });
  await assert.rejects(clientFor(cutShort).send(CLAIM), { code: "UNREACHABLE" });
  const redirected = await serve(t, (_, response) => void response.writeHead(302, { location: url }).end());
  await assert.rejects(clientFor(redirected).send(CLAIM), { code: "UNREACHABLE" });
  const stop = new AbortController();
  const held = await serve(t, () => stop.abort());
  await assert.rejects(clientFor(held, { signal: stop.signal }).send(CLAIM), { code: "UNREACHABLE" });
});

test("wrong settings are told at once", () => {
  for (const url of ["", "thymus.example", "ftp://thymus.example"]) {
    assert.throws(() => clientFor(url), { code: "CONFIG_INVALID" });
  }
  assert.throws(() => clientFor("http://localhost", { proxy: "x" }), { code: "CONFIG_INVALID" });
  assert.throws(() => clientFor("http://localhost", { serverKey: "x" }), { code: "KEY_INVALID" });
});

test("who has not enrolled says nothing", async () => {
  const client = clientFor("http://127.0.0.1:1", { machine: null });
  await assert.rejects(client.send(CLAIM), { code: "UNAUTHENTICATED" });
  await assert.rejects(client.uploadSample(CASE, "/none"), { code: "UNAUTHENTICATED" });
});

async function uploadServer(t: TestContext) {
  const options = serverSide(keys, signing.publicKey, () => Date.now());
  const got: { path: string; body: Buffer; digest: string }[] = [];
  const url = await serve(t, async (request, response) => {
    try {
      const text = String(request.headers["thymus-seal"]);
      const { upload, reply } = await openUpload(text, options);
      got.push({ path: request.url ?? "", body: await bodyOf(request), digest: upload.ciphertext });
      response.writeHead(200).end(await reply(DONE));
    } catch (thrown) {
      const { status, body } = answerRefusal(thrown);
      response.writeHead(status).end(body);
    }
  });
  return { url, got };
}

test("a sample is uploaded with what binds it to its case, also through the proxy", async (t) => {
  const file = join(scratchFolder(t), "sealed");
  const content = Buffer.alloc(300_000, "ciphertext");
  writeFileSync(file, content);
  const proxy = await serveProxy(t);
  const { url, got } = await uploadServer(t);
  await clientFor(url, { proxy: proxy.url }).uploadSample(CASE, file);
  await clientFor(url).uploadSample(CASE, file);
  assert.equal(got.length, 2);
  for (const { path, body, digest } of got) {
    assert.equal(path, `/link/v1/samples/${CASE}`);
    assert.deepEqual(body, content);
    assert.equal(digest, createHash("sha256").update(content).digest("hex"));
  }
  const feigned = await serve(t, (request, response) => {
    request.resume().on("end", () => response.end("{}"));
  });
  await assert.rejects(clientFor(feigned).uploadSample(CASE, file), { code: "UNREACHABLE" });
  await assert.rejects(
    clientFor(url, { machine: "machine-other" as typeof MACHINE }).uploadSample(CASE, file),
    {
      code: "UNAUTHENTICATED",
    },
  );
  await assert.rejects(clientFor(url).uploadSample(CASE, `${file}.none`), { code: "NOT_FOUND" });
});

test("an upload that is refused early tells why, where the server itself says it", async (t) => {
  const file = join(scratchFolder(t), "sealed");
  writeFileSync(file, Buffer.alloc(20_000_000));
  const full = new ThymusError("TOO_LARGE", "m", "h");
  const between = await serve(t, (_, response) => {
    const { status, body } = answerRefusal(full);
    response.writeHead(status, { connection: "close" }).end(body);
  });
  await assert.rejects(clientFor(between).uploadSample(CASE, file), { code: "UNREACHABLE" });
  const options = serverSide(keys, signing.publicKey, () => Date.now());
  const url = await serve(t, async (request, response) => {
    const { reply } = await openUpload(String(request.headers["thymus-seal"]), options);
    response.writeHead(413, { connection: "close" }).end(await reply(refusalOf(full)));
  });
  await assert.rejects(clientFor(url).uploadSample(CASE, file), (thrown) => {
    assert.ok(thrown instanceof ThymusError);
    // The connection may break before the answer is read: then the caller tries again.
    return thrown.code === "TOO_LARGE" || thrown.code === "UNREACHABLE";
  });
});

test("text that is no sealed header is refused", async () => {
  const options = serverSide(keys, signing.publicKey, () => Date.now());
  for (const text of ["", "?", "A".repeat(100), "A".repeat(10_000)]) {
    await assert.rejects(openUpload(text, options), { code: "SEAL_BROKEN" });
  }
});

test("an upload's header counts once", async (t) => {
  const file = join(scratchFolder(t), "sealed");
  writeFileSync(file, "ciphertext");
  const options = serverSide(keys, signing.publicKey, () => Date.now());
  let text = "";
  const url = await serve(t, (request, response) => {
    text = String(request.headers["thymus-seal"]);
    request.resume().on("end", () => response.end());
  });
  await assert.rejects(clientFor(url).uploadSample(CASE, file), { code: "UNREACHABLE" });
  await openUpload(text, options);
  await assert.rejects(openUpload(text, options), { code: "REPLAYED" });
});

test("a sample is downloaded under a lease, whole or not at all", async (t) => {
  const folder = scratchFolder(t);
  const content = Buffer.concat([
    Buffer.from("age-encryption.org/v1\n"),
    Buffer.alloc(300_000, "ciphertext"),
  ]);
  const asked: unknown[] = [];
  const options = serverSide(keys, signing.publicKey, () => Date.now());
  const url = await serve(t, async (request, response) => {
    const opened = await openLinkRequest(await bodyOf(request), options);
    const { body } = opened.envelope;
    asked.push([request.url, body]);
    if (body.type === "renew" && body.lease === "lease") return void response.end(content);
    if (body.type === "renew" && body.lease === "cut") {
      response.writeHead(200, { "content-length": content.length });
      return void response.write(content.subarray(0, 1000), () => response.destroy());
    }
    response
      .writeHead(409)
      .end(await opened.reply(refusalOf(new ThymusError("CONFLICT", "lease is over", "claim"))));
  });
  const proxy = await serveProxy(t);
  const destination = join(folder, "sealed");
  await clientFor(url, { proxy: proxy.url }).downloadSample(CASE, "lease", destination);
  assert.deepEqual(readFileSync(destination), content);
  assert.deepEqual(asked, [
    [
      `/link/v1/samples/${CASE}/fetch`,
      { type: "renew", case: CASE, lease: "lease", leaseSeconds: 600, progress: "fetching the sample" },
    ],
  ]);
  const other = join(folder, "other");
  await assert.rejects(clientFor(url).downloadSample(CASE, "old", other), { code: "CONFLICT" });
  await assert.rejects(clientFor(url).downloadSample(CASE, "cut", other), { code: "UNREACHABLE" });
  await assert.rejects(clientFor(url, { maxSampleBytes: 1000 }).downloadSample(CASE, "lease", other), {
    code: "TOO_LARGE",
  });
  assert.ok(!existsSync(other));
  assert.deepEqual(readdirSync(folder), ["sealed"]);
});
