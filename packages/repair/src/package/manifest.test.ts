import assert from "node:assert/strict";
import { test } from "node:test";
import { type ManifestEdit, ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { readJsonText } from "./json-text.ts";
import { editManifest } from "./manifest.ts";

const edit = (edits: ManifestEdit[], text: string) =>
  Buffer.from(editManifest(edits, Buffer.from(text))).toString();
const refused = (run: () => unknown) =>
  assert.throws(run, (error) => error instanceof ThymusError && error.code === "REPAIR_REFUSED");
const hook = (emptied: "keep" | "remove" = "remove"): ManifestEdit => ({
  op: "remove",
  path: ["scripts", "postinstall"],
  value: "node bundle.js",
  emptied,
});

const manifests = fc.record({
  name: fc.stringMatching(/^[a-z]{1,12}$/),
  version: fc.tuple(fc.nat(99), fc.nat(99), fc.nat(9999)).map((parts) => parts.join(".")),
  scripts: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  other: fc.jsonValue({ maxDepth: 3 }),
  indent: fc.constantFrom("", " ", "  ", "\t", "    "),
  end: fc.constantFrom("", "\n", "\r\n"),
  first: fc.boolean(),
});

test("a script that was put in and a version that went up come out again, whatever the layout", () => {
  fc.assert(
    fc.property(manifests, ({ name, version, scripts, other, indent, end, first }) => {
      const bare = { name, version, ...(Object.keys(scripts).length > 0 ? { scripts } : {}), other };
      const up = version.replace(/\d+$/, (part) => String(Number(part) + 1));
      const added = first
        ? { postinstall: "node bundle.js", ...scripts }
        : { ...scripts, postinstall: "node bundle.js" };
      const infected = { ...bare, version: up, scripts: added };
      const edits: ManifestEdit[] = [hook(), { op: "step", path: ["version"], part: 2, by: -1 }];
      const clean = JSON.stringify(bare, null, indent) + end;
      assert.equal(edit(edits, JSON.stringify(infected, null, indent) + end), clean);
    }),
    { numRuns: 300 },
  );
});

test("the spans of a text are those of its keys and values", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true }),
      (value) => {
        const text = JSON.stringify(value, null, 2);
        const plain = JSON.parse(text) as Record<string, unknown>;
        const { members, top } = readJsonText(text);
        assert.equal(text.slice(top.start, top.end), text);
        assert.deepEqual(
          members.map((member) => [
            member.name,
            JSON.parse(text.slice(member.value.start, member.value.end)),
          ]),
          Object.entries(plain),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test("each kind of edit, and what it refuses", () => {
  const text =
    '{\n  "name": "a",\n  "version": "1.0.10",\n  "main": "x.js",\n  "scripts": {\n    "test": "t",\n    "install": "node evil.js && make"\n  }\n}\n';
  const unwrap: ManifestEdit = {
    op: "unwrap",
    path: ["scripts", "install"],
    prefix: "node evil.js && ",
    suffix: "",
  };
  assert.equal(edit([unwrap], text), text.replace("node evil.js && ", ""));
  assert.equal(
    edit([{ op: "step", path: ["version"], part: 2, by: -1 }], text),
    text.replace("1.0.10", "1.0.9"),
  );
  assert.equal(edit([{ op: "end", from: "\n", to: "" }], text), text.trimEnd());
  const any: ManifestEdit = {
    op: "remove",
    path: ["scripts", "install"],
    value: { prefix: "node ", suffix: " make" },
    emptied: "keep",
  };
  assert.equal(edit([any], text), text.replace(',\n    "install": "node evil.js && make"', ""));
  refused(() => edit([hook()], text));
  refused(() => edit([{ ...unwrap, prefix: "node good.js" }], text));
  refused(() => edit([{ op: "step", path: ["version"], part: 0, by: -2 }], text));
  refused(() => edit([{ op: "end", from: "", to: "\n" }], text));
  refused(() => edit([{ op: "step", path: ["scripts"], part: 0, by: 1 }], text));
  refused(() => edit([unwrap], "no json"));
  refused(() => edit([unwrap], "[1]"));
  refused(() => edit([unwrap], '{"a":1,"a":2}'));
});

test("an object that is left empty stays or goes as the recipe says", () => {
  const text = '{"name":"a","version":"1.0.0","scripts":{"postinstall":"node bundle.js"}}';
  assert.equal(edit([hook("keep")], text), '{"name":"a","version":"1.0.0","scripts":{}}');
  assert.equal(edit([hook("remove")], text), '{"name":"a","version":"1.0.0"}');
});
