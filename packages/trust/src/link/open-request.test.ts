import assert from "node:assert/strict";
import { test } from "node:test";
import type { EnrolRequest } from "@thymus/contracts";
import { DONE, envelope, NOW, newLinkKeys, newSigningKeys, sealAny, serverSide } from "../testing/parties.ts";
import { readAnswer } from "./answer.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { openLinkRequest } from "./open-request.ts";
import { answerRefusal, LINK_CONTENT_TYPE } from "./refusal.ts";
import { sealRequest } from "./seal.ts";
import { signDocument } from "./signed.ts";

const keys = newLinkKeys();
const signing = newSigningKeys();
const enrol: EnrolRequest = {
  type: "enrol",
  secret: "c2VjcmV0",
  role: "agent",
  hostname: "host",
  publicKey: signing.publicKey,
  version: "0.1.0",
  analysis: null,
};

test("a message of an enrolled machine is opened and answered", async () => {
  const { sealed, exchange } = await sealAny(envelope(), keys, signing);
  const opened = await openLinkRequest(sealed, serverSide(keys, signing.publicKey));
  assert.deepEqual(opened.envelope, envelope());
  assert.deepEqual(readAnswer(exchange, 200, await opened.reply(DONE)), DONE);
});

test("an enrolment is signed by the key that it brings", async () => {
  const options = {
    ...serverSide(keys, "unused"),
    publicKeyOf: async () => assert.fail("nobody is enrolled yet"),
  };
  const said = envelope({ machine: null, body: enrol });
  const opened = await openLinkRequest((await sealAny(said, keys, signing)).sealed, options);
  assert.deepEqual(opened.envelope.body, enrol);
  const stolen = await sealAny({ ...said, nonce: "o".repeat(22) }, keys, newSigningKeys());
  await assert.rejects(openLinkRequest(stolen.sealed, options), { code: "UNAUTHENTICATED" });
});

test("the same message twice is refused", async () => {
  const options = serverSide(keys, signing.publicKey);
  const { sealed } = await sealAny(envelope(), keys, signing);
  await openLinkRequest(sealed, options);
  await assert.rejects(openLinkRequest(sealed, options), { code: "REPLAYED" });
});

test("clocks may differ by ten minutes, and no more", async () => {
  const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000).toISOString();
  const open = async (minutes: number) => {
    const { sealed } = await sealAny(envelope({ at: at(minutes) }), keys, signing);
    return await openLinkRequest(sealed, serverSide(keys, signing.publicKey));
  };
  for (const minutes of [-10, 0, 10]) await open(minutes);
  await assert.rejects(open(11), { code: "UNAUTHENTICATED", message: /11 minutes ahead of/, hint: /clocks/ });
  await assert.rejects(open(-45), { code: "UNAUTHENTICATED", message: /45 minutes behind/ });
});

const refused: Record<string, [unknown, string]> = {
  "of an unknown machine": [envelope({ machine: "machine-stranger" }), "UNAUTHENTICATED"],
  "of nobody": [envelope({ machine: null }), "UNAUTHENTICATED"],
  "of a machine that enrols again": [envelope({ body: enrol }), "DOCUMENT_INVALID"],
  "with a short nonce": [envelope({ nonce: "n" }), "DOCUMENT_INVALID"],
  "with an unknown field": [envelope({ more: 1 }), "DOCUMENT_INVALID"],
  "of unknown type": [envelope({ body: { type: "dance" } }), "DOCUMENT_INVALID"],
  "that is no object": [7, "DOCUMENT_INVALID"],
};
for (const [what, [said, code]] of Object.entries(refused)) {
  test(`a message ${what} is refused, under seal, before its nonce is kept`, async () => {
    const options = {
      ...serverSide(keys, signing.publicKey),
      seen: async () => assert.fail("not authenticated"),
    };
    const { sealed, exchange } = await sealAny(said, keys, signing);
    const thrown = await openLinkRequest(sealed, options).then(
      () => assert.fail("opened"),
      (error) => error,
    );
    assert.equal(thrown.code, code);
    const answer = answerRefusal(thrown);
    assert.equal(answer.contentType, LINK_CONTENT_TYPE);
    assert.throws(() => readAnswer(exchange, answer.status, answer.body), { code, message: thrown.message });
  });
}

test("a message signed by another key, or for another server, is refused", async () => {
  const options = serverSide(keys, signing.publicKey);
  const stranger = await sealAny(envelope(), keys, newSigningKeys());
  await assert.rejects(openLinkRequest(stranger.sealed, options), { code: "UNAUTHENTICATED" });
  const document = Buffer.from(JSON.stringify(envelope()));
  const forAnother = signDocument("request", document, newLinkKeys().publicKey, signing);
  const { sealed } = await sealRequest("request", forAnother, keys.publicKey);
  await assert.rejects(openLinkRequest(sealed, options), { code: "UNAUTHENTICATED" });
});

test("what cannot be opened is answered in plain", async () => {
  const thrown = await openLinkRequest(Buffer.alloc(100), serverSide(keys, signing.publicKey)).catch(
    (e) => e,
  );
  const answer = answerRefusal(thrown);
  assert.deepEqual([answer.status, answer.contentType], [400, "application/json"]);
  assert.equal(JSON.parse(Buffer.from(answer.body).toString()).error.code, "SEAL_BROKEN");
});

test("text that is no UTF-8, or too short to be signed, is refused", async () => {
  for (const plain of [
    Buffer.alloc(10),
    signDocument("request", Buffer.from([0x22, 0xff, 0x22]), keys.publicKey, signing),
  ]) {
    const { sealed } = await sealRequest("request", plain, keys.publicKey);
    await assert.rejects(openLinkRequest(sealed, serverSide(keys, signing.publicKey)), {
      code: plain.length === 10 ? "SEAL_BROKEN" : "DOCUMENT_INVALID",
    });
  }
});

test("messages are bounded: 1 MiB, and 8 MiB for what carries files", async () => {
  const options = serverSide(keys, signing.publicKey);
  const publish = { type: "publish", files: [{ path: "a", content: "A".repeat(MAX_MESSAGE_BYTES) }] };
  await openLinkRequest((await sealAny(envelope({ body: publish }), keys, signing)).sealed, options);
  const events = Array.from({ length: 1000 }, () => ({
    case: null,
    at: NOW.toISOString(),
    what: "x".repeat(2000),
  }));
  const large = await sealAny(envelope({ body: { type: "events", events } }), keys, signing);
  await assert.rejects(openLinkRequest(large.sealed, options), { code: "TOO_LARGE" });
  await assert.rejects(openLinkRequest(new Uint8Array(9 * 1024 * 1024), options), { code: "TOO_LARGE" });
});
