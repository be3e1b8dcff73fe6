import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ThymusError } from "@thymus/contracts";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { anyBit, flipBit } from "../testing/flip.ts";
import { scratchFolder } from "../testing/scratch.ts";
import { openSample, sealSample } from "./sample-files.ts";
import { openBytes, sealBytes } from "./seal.ts";

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("bytes of any length come back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      assert.deepEqual(
        Buffer.from(await openBytes(await sealBytes(bytes, recipient), identity)),
        Buffer.from(bytes),
      );
    }),
    { numRuns: 30 },
  );
});

test("files around the chunk size come back, with digests of both forms", async (t) => {
  const folder = scratchFolder(t);
  for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const bytes = Buffer.alloc(size, `size ${size}`);
    writeFileSync(join(folder, "plain"), bytes);
    const sealed = await sealSample(join(folder, "plain"), recipient, join(folder, "sealed"));
    const ciphertext = readFileSync(join(folder, "sealed"));
    assert.deepEqual(sealed, { sha256: sha256(ciphertext), size: ciphertext.length });
    const opened = await openSample(join(folder, "sealed"), identity, join(folder, "opened"), size);
    assert.deepEqual(opened, { sha256: sha256(bytes), size });
    assert.deepEqual(readFileSync(join(folder, "opened")), bytes);
    assert.equal(statSync(join(folder, "opened")).mode & 0o777, 0o600);
  }
});

/** Made with this format's first version: what was sealed then must open for ever. */
test("a sample that was sealed long ago opens", async () => {
  const golden =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBrSW0weFBKVzNZTjhkeEZnaUJJdk8rU21lSDRIM3c3WGM5ZWx2NTBlSGw0CnpsQWQvUjYyZzNLL3FkS3NyeWZRdUNLNXJyV0MrUUt3T3ZqK0M5eUtKRUEKLS0tIFdacGF6NHZNUXZVNDRibHFBMk4vWFNnY1B4b1BPQ2VBakE4b0dqRTY3a3cKMIXaAgYQZRXvMSyD2w0YSuqSpfaFqBF+Hs9nFv4Gq31DTFjQ4jhqiigB4hjFMubgQQ==";
  const opened = await openBytes(
    Buffer.from(golden, "base64"),
    "AGE-SECRET-KEY-1NTZA7L249QDQVGF77294505ADADH834SFUVSQ7SGKCELRU2GUH0QZNTVYD",
  );
  assert.equal(Buffer.from(opened).toString(), "a harmless sample");
});

test("any changed bit is refused, whole or streamed, and nothing stays", async (t) => {
  const folder = scratchFolder(t);
  const sealed = await sealBytes(Buffer.alloc(70_000, "content"), recipient);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.nat({ max: 8 * 200 }), anyBit(sealed)), async (place) => {
      const changed = flipBit(sealed, place);
      await assert.rejects(openBytes(changed, identity), isSealBroken);
      writeFileSync(join(folder, "sealed"), changed);
      await assert.rejects(
        openSample(join(folder, "sealed"), identity, join(folder, "opened"), 1e6),
        isSealBroken,
      );
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(readdirSync(folder), ["sealed"]);
});

test("a sample that was cut or made longer is refused", async (t) => {
  const folder = scratchFolder(t);
  const sealed = await sealBytes(Buffer.alloc(140_000, "content"), recipient);
  for (const bytes of [
    sealed.subarray(0, 0),
    sealed.subarray(0, 21),
    sealed.subarray(0, 190),
    sealed.subarray(0, 66_000),
    sealed.subarray(0, sealed.length - 1),
    Buffer.concat([sealed, Buffer.of(0)]),
    Buffer.from("age-encryption.org/v1\n"),
    Buffer.alloc(100_000, "age-encryption.org/v1\n"),
  ]) {
    writeFileSync(join(folder, "sealed"), bytes);
    await assert.rejects(
      openSample(join(folder, "sealed"), identity, join(folder, "opened"), 1e6),
      isSealBroken,
    );
    await assert.rejects(openBytes(bytes, identity), isSealBroken);
  }
  assert.deepEqual(readdirSync(folder), ["sealed"]);
});

test("a header without end is refused before it is read whole", async (t) => {
  const folder = scratchFolder(t);
  const file = join(folder, "sealed");
  writeFileSync(file, "age-encryption.org/v1\n-> X25519 ");
  truncateSync(file, 512 * 1024 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(openSample(file, identity, join(folder, "opened"), 1e12), isSealBroken);
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 1024 * 1024);
});

test("somebody else's key does not open it", async () => {
  const sealed = await sealBytes(Buffer.from("content"), recipient);
  await assert.rejects(openBytes(sealed, await generateX25519Identity()), isSealBroken);
});

test("what would be larger than allowed is refused, and nothing stays", async (t) => {
  const folder = scratchFolder(t);
  writeFileSync(join(folder, "plain"), Buffer.alloc(100_000));
  await sealSample(join(folder, "plain"), recipient, join(folder, "sealed"));
  await assert.rejects(openSample(join(folder, "sealed"), identity, join(folder, "opened"), 99_999), {
    code: "TOO_LARGE",
  });
  assert.deepEqual(readdirSync(folder).sort(), ["plain", "sealed"]);
});

test("what is missing, no file, or no key is said", async (t) => {
  const folder = scratchFolder(t);
  const out = join(folder, "out");
  await assert.rejects(sealSample(join(folder, "none"), recipient, out), { code: "NOT_FOUND" });
  await assert.rejects(sealSample(folder, recipient, out), { code: "NOT_A_FILE" });
  writeFileSync(join(folder, "plain"), "content");
  await assert.rejects(sealSample(join(folder, "plain"), "age1nonsense", out), { code: "KEY_INVALID" });
  await assert.rejects(sealSample(join(folder, "plain"), recipient, join(folder, "none", "out")), {
    code: "STORE_FAILED",
  });
  await assert.rejects(openBytes(Buffer.from(""), "nonsense"), { code: "KEY_INVALID" });
});

test("a large sample is never held in memory", async (t) => {
  const folder = scratchFolder(t);
  // Large beside the garbage that one collection leaves.
  const size = 128 * 1024 * 1024;
  writeFileSync(join(folder, "plain"), "");
  truncateSync(join(folder, "plain"), size);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }, 5);
  const before = process.memoryUsage().arrayBuffers;
  try {
    await sealSample(join(folder, "plain"), recipient, join(folder, "sealed"));
    await openSample(join(folder, "sealed"), identity, join(folder, "opened"), size);
  } finally {
    clearInterval(watch);
  }
  assert.ok(peak - before < size / 2, `${peak - before} bytes of buffers at the peak`);
  assert.equal(statSync(join(folder, "opened")).size, size);
});

function isSealBroken(thrown: unknown): boolean {
  assert.ok(thrown instanceof ThymusError, String(thrown));
  assert.equal(thrown.code, "SEAL_BROKEN");
  return true;
}
