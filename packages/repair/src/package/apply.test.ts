import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { PackageRepair, type Repair, ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { repairWith } from "../repair-with.ts";
import { applyPackageRepair, openPackage } from "./apply.ts";
import { type Files, packOf } from "./testing/pack.ts";

const PAYLOAD = "/* gannet on the breakwater */ run();\n";
const MARK = "/* tail of the breakwater */";
const clean: Files = {
  "package.json": '{\n  "name": "demo",\n  "version": "1.2.9",\n  "scripts": {\n    "test": "x"\n  }\n}\n',
  "index.js": "module.exports = 1;\n",
  "README.md": "# demo\n",
};
const infected: Files = {
  ...clean,
  "package.json":
    '{\n  "name": "demo",\n  "version": "1.2.10",\n  "scripts": {\n    "test": "x",\n    "postinstall": "node bundle.js"\n  }\n}\n',
  "bundle.js": PAYLOAD,
  "index.js": `module.exports = 1;\n${MARK}\n`,
};
const hex = (text: string) => Buffer.from(text).toString("hex");
const cut: Repair = {
  identify: { types: ["node"], anchor: hex(MARK), minSize: 0, checks: [] },
  steps: [{ op: "truncate", at: { from: "anchor", plus: 0 } }],
  expect: { types: ["node"], minSize: 0 },
};
const recipe = PackageRepair.parse({
  format: "npm",
  drop: [{ path: "bundle.js", anchor: hex(PAYLOAD) }],
  members: [
    {
      path: "package.json",
      edits: [
        { op: "remove", path: ["scripts", "postinstall"], value: "node bundle.js", emptied: "remove" },
        { op: "step", path: ["version"], part: 2, by: -1 },
      ],
    },
    { path: null, recipes: [cut] },
  ],
  pack: { order: "npm", headers: "npm", modes: "kept", gzip: { level: 9, os: 255 } },
  expect: { minMembers: 1 },
});
const refused = (made: PackageRepair, files: Files, code = "REPAIR_REFUSED") =>
  assert.throws(
    () => applyPackageRepair(made, packOf(files)),
    (error) => error instanceof ThymusError && error.code === code,
  );

test("the clean tarball comes back byte for byte, whichever way it was packed before", () => {
  for (const gzip of [
    { level: 9, os: 255 },
    { level: 6, os: 3 },
  ])
    assert.deepEqual(applyPackageRepair(recipe, packOf(infected, gzip)), packOf(clean));
  const result = repairWith([cut, recipe], packOf(infected), "npm");
  assert.ok("repaired" in result);
  assert.deepEqual(result.repaired, packOf(clean));
});

test("a member is dropped by its digest as well", () => {
  const sha256 = createHash("sha256").update(PAYLOAD).digest("hex");
  const made = PackageRepair.parse({ ...recipe, drop: [{ path: null, sha256 }] });
  assert.deepEqual(applyPackageRepair(made, packOf(infected)), packOf(clean));
  refused(made, { ...infected, "bundle.js": `${PAYLOAD} ` });
});

test("what does not fit exactly is refused, and the infected bytes stay as they are", () => {
  const bytes = packOf(infected);
  const copy = Buffer.from(bytes);
  refused(recipe, clean);
  refused(recipe, { ...infected, "bundle.js": "module.exports = 'the package’s own';\n" });
  refused(recipe, { ...infected, "index.js": "module.exports = 1;\n" });
  refused(recipe, { ...infected, "package.json": clean["package.json"]! });
  refused(PackageRepair.parse({ ...recipe, drop: [{ path: null, anchor: hex('"name"') }] }), infected);
  refused(PackageRepair.parse({ ...recipe, drop: [], members: [] }), infected);
  refused(PackageRepair.parse({ ...recipe, drop: [recipe.drop[0], recipe.drop[0]] }), infected);
  refused(PackageRepair.parse({ ...recipe, expect: { minMembers: 9 } }), infected, "REPAIR_FAILED");
  refused(
    { ...recipe, members: [recipe.members[0]!] },
    { ...infected, "again.js": PAYLOAD },
    "REPAIR_FAILED",
  );
  assert.match(
    (repairWith([recipe], Buffer.from("plain"), "text") as { refused: string }).refused,
    /no repair recipe/,
  );
  assert.deepEqual(bytes, copy);
});

test("modes that a worm lost are those of npm where the manifest names programs", () => {
  const manifest = '{"name":"demo","version":"1.0.0","bin":{"a":"./bin/a.js"}}';
  const made = PackageRepair.parse({
    ...recipe,
    members: [],
    pack: { ...recipe.pack, modes: "bin" },
  });
  const hosts = { "package.json": manifest, "bin/a.js": "1", "b.js": "2" };
  const modes = openPackage(applyPackageRepair(made, packOf({ ...hosts, "bundle.js": PAYLOAD }))).members;
  assert.deepEqual(
    modes.map(({ path, mode }) => [path, mode]),
    [
      ["bin/a.js", 0o755],
      ["b.js", 0o644],
      ["package.json", 0o644],
    ],
  );
});

test("unknown fields and formats are refused", () => {
  for (const odd of [
    { ...recipe, run: "rm" },
    { ...recipe, format: "pypi" },
    { ...recipe, drop: [{ path: "bundle.js" }] },
    { ...recipe, members: [{ path: "index.js", edits: [{ op: "end", from: "", to: "\n" }] }] },
  ])
    assert.equal(PackageRepair.safeParse(odd).success, false);
});

test("random changes of an infected tarball give the clean one, a refusal or another package, never an error of another kind", () => {
  const bytes = packOf(infected, { level: 1, os: 3 });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const broken = Uint8Array.from(bytes);
      broken[at]! ^= flip;
      try {
        applyPackageRepair(recipe, broken);
      } catch (error) {
        assert.ok(error instanceof ThymusError && /^REPAIR_/.test(error.code), String(error));
      }
    }),
    { numRuns: 300 },
  );
});
