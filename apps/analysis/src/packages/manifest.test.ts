import assert from "node:assert/strict";
import { test } from "node:test";
import { editManifest } from "@thymus/repair";
import fc from "fast-check";
import { inferManifestEdits, readManifestChanges } from "./manifest.ts";

const bytes = (value: object, end = "\n") => Buffer.from(JSON.stringify(value, null, 2) + end);

function infer(pairs: readonly (readonly [object, object])[], end = "\n") {
  const made = pairs.map(([was, is]) => {
    const [before, after] = [bytes(was), bytes(is, end)];
    const changes = readManifestChanges(before, after);
    assert.ok(typeof changes !== "string", String(changes));
    return { before, after, changes };
  });
  return inferManifestEdits(made);
}

interface Host {
  readonly name: string;
  readonly version: string;
  readonly words: readonly string[];
  readonly test: string | null;
}

test("edits that were inferred from some manifests give others back", () => {
  const host = fc.record({
    name: fc.stringMatching(/^[a-z]{1,12}$/),
    version: fc.tuple(fc.nat(9), fc.nat(20), fc.nat(2000)).map((parts) => parts.join(".")),
    words: fc.array(fc.string(), { maxLength: 3 }),
    test: fc.option(fc.string({ minLength: 1 })),
  });
  const infect = ({ name, version, words, test: script }: Host) => {
    const [major, minor, patch] = version.split(".");
    const scripts = script === null ? {} : { test: script };
    const common = { name, words };
    return [
      { ...common, version, ...(script === null ? {} : { scripts }) },
      {
        ...common,
        version: `${major}.${minor}.${Number(patch) + 1}`,
        scripts: { ...scripts, install: "node x.js" },
      },
    ] as const;
  };
  fc.assert(
    fc.property(fc.array(host, { minLength: 2, maxLength: 5 }), host, (learned, other) => {
      const edits = infer(learned.map(infect));
      assert.ok(typeof edits !== "string", String(edits));
      const [clean, infected] = infect(other);
      assert.deepEqual(Buffer.from(editManifest(edits, bytes(infected))), bytes(clean));
    }),
    { numRuns: 100 },
  );
});

test("texts around a value, ends of the file and texts with varying parts", () => {
  const host = (name: string, run: string) => ({ name, version: "1.0.0", scripts: { install: run } });
  const edits = infer(
    [
      [host("a", "make"), host("a", "node x.js; make; true")],
      [host("b", "node-gyp"), host("b", "node x.js; node-gyp; true")],
    ],
    "",
  );
  assert.deepEqual(edits, [
    { op: "unwrap", path: ["scripts", "install"], prefix: "node x.js; ", suffix: "; true" },
    { op: "end", from: "", to: "\n" },
  ]);
  const bare = { name: "a", version: "1.0.0", scripts: {} };
  assert.deepEqual(
    infer([1, 2].map((i) => [bare, { ...bare, scripts: { install: `node ${i}x.js` } }] as const)),
    [
      {
        op: "remove",
        path: ["scripts", "install"],
        value: { prefix: "node ", suffix: "x.js" },
        emptied: "keep",
      },
    ],
  );
});

test("what is lost is no edit", () => {
  const bare = { name: "a", version: "1.0.0", main: "a.js" };
  assert.match(
    String(
      infer([
        [bare, { ...bare, main: "b.js" }],
        [
          { ...bare, main: "c.js" },
          { ...bare, main: "b.js" },
        ],
      ]),
    ),
    /main was overwritten/,
  );
  assert.match(
    String(readManifestChanges(bytes(bare), bytes({ name: "a", version: "1.0.0" }))),
    /main was taken out/,
  );
  assert.match(String(readManifestChanges(bytes(bare), bytes({ ...bare, files: ["x"] }))), /files/);
  assert.match(String(readManifestChanges(bytes(bare), Buffer.from("no"))), /no JSON/);
  const some = { ...bare, scripts: {} };
  const hooked = { ...bare, scripts: { install: "node x.js" } };
  assert.match(
    String(
      infer([
        [bare, hooked],
        [some, hooked],
      ]),
    ),
    /cannot be told/,
  );
});
