import assert from "node:assert/strict";
import test from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { SeededRandom } from "../../chamber/decoys/random.ts";
import { Hunter, searchFor } from "./hunt.ts";
import { base32, rot13 } from "./patterns.ts";

const random = new SeededRandom("needles");
const needles = [
  "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",
  "AKIAY22KSXJN7WSYIP7L",
  "hl+6JJuBZnvu06xWdJNq+QdlQgzLm2I7GiPQnvq/",
  "Ixe8kanAKWA*jGP%",
  "printer policy entry catalog policy stor",
  "Tq3xLw9ZpB2d",
];
const search = searchFor(needles);
const latin = (bytes: Buffer) => bytes.toString("latin1");
const binary = (text: string) => Buffer.from(text, "latin1");

type Encode = (bytes: Buffer) => Buffer;
/** Found wherever they stand. */
const anywhere: Record<string, Encode> = {
  base64: (bytes) => binary(bytes.toString("base64")),
  base64url: (bytes) => binary(bytes.toString("base64url")),
  "base64 in lines": (bytes) => binary(bytes.toString("base64").replace(/.{76}/g, "$&\r\n")),
  hex: (bytes) => binary(bytes.toString("hex")),
  "upper hex": (bytes) => binary(bytes.toString("hex").toUpperCase()),
  "spaced hex": (bytes) => binary(bytes.toString("hex").replace(/..(?=.)/g, "$& ")),
  base32: (bytes) => binary(base32(bytes)),
  "lower base32": (bytes) => binary(base32(bytes).toLowerCase()),
  url: (bytes) => binary(encodeURIComponent(latin(bytes))),
  "url all": (bytes) => binary(bytes.toString("hex").replace(/../g, "%$&")),
  json: (bytes) => binary(JSON.stringify(latin(bytes))),
  "json escapes": (bytes) => binary(bytes.toString("hex").replace(/../g, "\\u00$&")),
  numbers: (bytes) => binary(JSON.stringify([...bytes])),
  reversed: (bytes) => Buffer.from(bytes).reverse(),
  rot13: (bytes) => rot13(bytes),
  utf16: (bytes) => Buffer.from(latin(bytes), "utf16le"),
  "utf16 big": (bytes) => Buffer.from(latin(bytes), "utf16le").swap16(),
  xor: (bytes) => bytes.map((byte) => byte ^ 0x5a) as Buffer,
  "xor high": (bytes) => bytes.map((byte) => byte ^ 0xc3) as Buffer,
  gzip: (bytes) => gzipSync(bytes),
  zlib: (bytes) => deflateSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};
/** Without a mark: found where a body begins with them. */
const bodies: Record<string, Encode> = {
  deflate: (bytes) => deflateRawSync(bytes),
  brotli: (bytes) => brotliCompressSync(bytes),
};

const found = (data: Buffer, whole = true) => new Hunter(search).hunt(data, whole);
const noise = (length: number) => random.bytes(length);
const key = (bytes: Buffer) => bytes;

/** What is known not to be found: a compressed stream whose mark or place is hidden by what is around it. */
function beyond(outer: string, inner: string): boolean {
  const packed = ["gzip", "zlib", "zstd", "deflate", "brotli"].includes(inner);
  if (outer.startsWith("utf16")) return packed;
  if (outer === "json" || outer === "url") return packed;
  if (outer.startsWith("xor")) return packed && inner !== "gzip";
  return false;
}

let turn = 0;
for (const [outer, encodeOuter] of Object.entries({ ...anywhere, ...bodies, none: key }))
  test(`a needle within noise is found in ${outer} of anything`, () => {
    for (const [inner, encodeInner] of Object.entries({ ...anywhere, ...bodies, none: key })) {
      if (beyond(outer, inner)) continue;
      const index = turn++ % needles.length;
      const text = binary(needles[index]!);
      const core = encodeInner(inner in bodies ? text : Buffer.concat([noise(7), text, noise(9)]));
      const hidden = encodeOuter(core);
      const body = inner in bodies || outer in bodies;
      const data = body ? hidden : Buffer.concat([noise(random.below(40)), hidden, noise(random.below(40))]);
      const finds = found(data);
      const message = `${outer} of ${inner}: ${needles[index]} in ${data.toString("hex")}`;
      assert.deepEqual(
        finds.map((find) => find.needle),
        [index],
        message,
      );
    }
  });

test("a wide text under XOR whose key is one of its letters", () => {
  const needle = "ZbZZcati20P/eJq";
  for (const name of ["utf16", "utf16 big"]) {
    const data = anywhere[name]!(anywhere.xor!(binary(needle)));
    assert.equal(new Hunter(searchFor([needle])).hunt(data, false).length, 1, name);
  }
});

test("needles and chains at random", () => {
  const names = Object.keys(anywhere);
  const letters = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/%");
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 14, maxLength: 60 }).filter((list) => new Set(list).size > 9),
      fc.constantFrom(...names),
      fc.constantFrom(...names),
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 4, maxLength: 4 }),
      (list, outer, inner, pads) => {
        fc.pre(!beyond(outer, inner));
        const needle = list.join("");
        const core = anywhere[inner]!(Buffer.concat([pads[0]!, binary(needle), pads[1]!]));
        const data = Buffer.concat([pads[2]!, anywhere[outer]!(core), pads[3]!]);
        const finds = new Hunter(searchFor([needle])).hunt(data, false);
        assert.equal(finds.length, 1);
      },
    ),
    { numRuns: 40 },
  );
});

test("three layers, as known worms of packages have them", () => {
  const json = JSON.stringify({ environment: { NPM_TOKEN: needles[0] } });
  const twice = Buffer.from(Buffer.from(json).toString("base64")).toString("base64");
  assert.deepEqual(found(Buffer.from(`data=${twice}`))[0]?.encodings, ["base64", "base64"]);
  const packed = `{"content":"${gzipSync(Buffer.from(Buffer.from(json).toString("hex"))).toString("base64")}"}`;
  assert.deepEqual(found(Buffer.from(packed))[0]?.encodings, ["base64", "gzip", "hex"]);
});

test("random bytes and ordinary text hold no needle", () => {
  assert.deepEqual(found(noise(200_000)), []);
  const text = Array.from(
    { length: 150 },
    (_, at) => `line ${at} of %41 \\u0041 text, base64 ${noise(33).toString("base64")}`,
  );
  assert.deepEqual(found(Buffer.from(text.join("\n"))), []);
});

test("bombs end at their limits, and what stands before them is found", () => {
  const bomb = gzipSync(Buffer.concat([Buffer.from(needles[0]!), Buffer.alloc(20_000_000)]));
  assert.deepEqual(found(bomb)[0]?.encodings, ["gzip"]);
  const nested = gzipSync(gzipSync(gzipSync(gzipSync(Buffer.alloc(4_000_000)))));
  assert.deepEqual(found(nested), []);
});

test("the place of what is found", () => {
  const data = Buffer.concat([noise(1000), binary(needles[0]!), noise(50)]);
  const [find] = found(data);
  assert.deepEqual([find?.at, find?.length, find?.encodings], [1000, needles[0]!.length, []]);
});
