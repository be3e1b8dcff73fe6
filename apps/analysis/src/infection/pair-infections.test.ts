import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editScript, pairInfections, undoHunks } from "./index.ts";
import { textHost } from "./testing/hosts.ts";
import { CODE, scenarios, TEXT } from "./testing/infections.ts";
import { random } from "./testing/random.ts";

for (const { name, mechanism, specimens } of scenarios) {
  test(`reads the mechanism, with exact scripts: ${name}`, () => {
    const analysis = pairInfections(specimens(0));
    assert.equal(analysis.mechanism, mechanism);
    for (const { specimen, hunks } of analysis.groups.flatMap((group) => group.pairs)) {
      assert.deepEqual(undoHunks(hunks, specimen.before, specimen.after), Buffer.from(specimen.before));
    }
  });
}

test("any two files have an exact edit script whose hunks are in order", () => {
  const alphabet = fc.array(fc.constantFrom(0, 1, 65, 66), { maxLength: 300 });
  const block = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    alphabet.map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(block, block, block, block, (a, b, c, d) => {
      for (const [before, after] of [
        [Buffer.concat([a, b]), Buffer.concat([a, c, b])],
        [Buffer.concat([a, b, c]), Buffer.concat([d, b, a])],
        [Buffer.concat([a, b]), Buffer.concat([c, d])],
      ] as const) {
        const hunks = editScript(before, after);
        assert.deepEqual(undoHunks(hunks, before, after), before);
        for (const [i, hunk] of hunks.entries()) {
          assert.ok(hunk.afterStart >= (hunks[i - 1]?.afterEnd ?? 0) && hunk.afterEnd >= hunk.afterStart);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("bodies are aligned alike where their place is ambiguous", () => {
  const hosts = Array.from({ length: 8 }, (_, i) => textHost("shell", i + 1));
  const body = "#zq-line one of it 7731\n# and another one\n";
  const analysis = pairInfections(
    hosts.map(({ path, kind, type, bytes }, i) => {
      const lines = bytes.toString("latin1").split("\n");
      const at = lines.slice(0, 1 + (i % 3)).join("\n").length + 1;
      const after = Buffer.concat([bytes.subarray(0, at), Buffer.from(body), bytes.subarray(at)]);
      return { path, kind, type, before: bytes, after };
    }),
  );
  assert.equal(analysis.variants, 1);
  assert.equal(analysis.invariantBytes, body.length);
  assert.equal(analysis.mechanism, "insert");
});

test("few bytes at the end are appended, not overwritten", () => {
  const specimens = Array.from({ length: 6 }, (_, i) => {
    const { path, kind, type, bytes } = textHost("shell", i + 1, { newline: true });
    return { path, kind, type, before: bytes, after: Buffer.concat([bytes, Buffer.from("set -e\n")]) };
  });
  assert.equal(pairInfections(specimens).mechanism, "append");
});

test("unchanged files are no infection", () => {
  const bytes = Buffer.from("same");
  const same = { path: "/a", kind: "k", type: "text", before: bytes, after: bytes } as const;
  const analysis = pairInfections([same]);
  assert.deepEqual([analysis.mechanism, analysis.groups, analysis.targets], [null, [], []]);
});

test("content that became unrecognisable is `encode`, also under a new name", () => {
  const hosts = Array.from({ length: 6 }, (_, i) => textHost("python", i + 1));
  const noise = (i: number, length: number) => random(i + 1).bytes(length);
  const analysis = pairInfections(
    hosts.map(({ path, kind, type, bytes }, i) => ({
      path,
      kind,
      type,
      before: bytes,
      after: Buffer.concat([noise(i, bytes.length), Buffer.alloc(16)]),
    })),
    [
      { path: "/srv/a.txt", type: "text", before: hosts[0]!.bytes },
      { path: "/srv/b.txt", type: "text", before: hosts[1]!.bytes },
      { path: "/srv/c.txt", type: "text", before: hosts[2]!.bytes },
    ],
    [
      { path: "/srv/a.txt.locked", bytes: noise(9, hosts[0]!.bytes.length) },
      { path: "/srv/moved", bytes: hosts[1]!.bytes },
    ],
  );
  assert.equal(analysis.mechanism, "encode");
  assert.equal(analysis.host, "lost");
  assert.deepEqual(analysis.renamed, [
    { path: "/srv/a.txt", to: "/srv/a.txt.locked", content: "encode" },
    { path: "/srv/b.txt", to: "/srv/moved", content: "identical" },
    { path: "/srv/c.txt", to: null, content: "lost" },
  ]);
});

test("an edit script of a file of two megabytes with a changed header, a hole and a long tail", () => {
  const before = random(5).bytes(2 << 20);
  const copy = Buffer.from(before);
  copy.set(TEXT, 1 << 20);
  copy.writeUInt32LE(7, 24);
  const after = Buffer.concat([copy.subarray(0, 300_000), CODE, copy.subarray(300_000), CODE]);
  const hunks = editScript(before, after);
  assert.deepEqual(undoHunks(hunks, before, after), before);
  assert.ok(hunks.length <= 5);
});
