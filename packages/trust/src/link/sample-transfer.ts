import { createHash } from "node:crypto";
import { type CaseId, SampleUpload, Sha256 } from "@thymus/contracts";
import { exchange } from "../http/http.ts";
import { streamOf, withSource, writeStream } from "../samples/sample-files.ts";
import { plainError, readAnswer, readBody } from "./answer.ts";
import { type Link, sealEnvelope } from "./envelope.ts";
import { LINK_CONTENT_TYPE } from "./refusal.ts";
import { sealRequest } from "./seal.ts";
import { signDocument } from "./signed.ts";

const DEFAULT_MAX_SAMPLE_BYTES = 1024 * 1024 * 1024;
/** The document asks for it; a download as such prolongs nothing. */
const LEASE_SECONDS = 600;
/** How an age file starts. */
const AGE_MAGIC = Buffer.from("age-encryption.org/v1\n");

/** `PUT /link/v1/samples/:case`: the ciphertext as it is, and beside it what binds it to case and machine. */
export async function uploadSample(link: Link, caseId: CaseId, file: string): Promise<void> {
  const { serverKey, signing, proxy, signal } = link.options;
  const machine = link.enrolled();
  await withSource(file, async (handle) => {
    const hash = createHash("sha256");
    let length = 0;
    for await (const chunk of streamOf(handle, file)) {
      hash.update(chunk);
      length += chunk.length;
    }
    const upload: SampleUpload = {
      case: caseId,
      ciphertext: Sha256.parse(hash.digest("hex")),
      machine,
      at: link.now(),
    };
    const document = Buffer.from(JSON.stringify(SampleUpload.parse(upload)));
    const seal = await sealRequest("upload", signDocument("upload", document, serverKey, signing), serverKey);
    const response = await exchange({
      method: "PUT",
      url: link.urlOf(`samples/${caseId}`),
      proxy,
      headers: {
        "content-type": "application/octet-stream",
        "thymus-seal": Buffer.from(seal.sealed).toString("base64url"),
      },
      body: { stream: streamOf(handle, file), length },
      signal,
    });
    // Only the server itself can say that the sample arrived.
    readAnswer(seal.exchange, response.status, await readBody(response));
  });
}

/** `POST /link/v1/samples/:case/fetch`: the body is a sealed `renew`, the answer the ciphertext or a refusal. */
export async function downloadSample(
  link: Link,
  caseId: CaseId,
  lease: string,
  destination: string,
): Promise<void> {
  const { proxy, signal, maxSampleBytes = DEFAULT_MAX_SAMPLE_BYTES } = link.options;
  const { sealed, exchange: secret } = await sealEnvelope(link, {
    machine: link.enrolled(),
    body: {
      type: "renew",
      case: caseId,
      lease,
      leaseSeconds: LEASE_SECONDS,
      progress: "fetching the sample",
    },
  });
  const response = await exchange({
    method: "POST",
    url: link.urlOf(`samples/${caseId}/fetch`),
    proxy,
    headers: { "content-type": LINK_CONTENT_TYPE },
    body: sealed,
    signal,
  });
  const { head, all } = await peek(response.body, AGE_MAGIC.length);
  if (response.status === 200 && AGE_MAGIC.equals(head)) {
    await writeStream(all, destination, maxSampleBytes);
    return;
  }
  readAnswer(secret, response.status, await readBody({ ...response, body: all }));
  throw plainError(response.status, new Uint8Array(0));
}

/** The first bytes of a stream, and the stream as if nobody had looked. */
async function peek(stream: AsyncIterable<Uint8Array>, bytes: number) {
  const iterator = stream[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < bytes) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (start.length > 0) yield start;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: start.subarray(0, bytes), all: all() };
}
