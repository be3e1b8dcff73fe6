import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prescription } from "@thymus/contracts";
import { loadEngine } from "../engine/load.ts";
import { scanFile } from "../scan/scan-file.ts";
import { BundleScope, bundleSources, createBundle } from "./bundle.ts";

/** What a bundle looks at of a prescription. */
function prescription(id: string, marker: string, scope: string[]): Prescription {
  const rule = `rule r { strings: $a = "${marker}" condition: $a }`;
  return { id, family: `family-${id}`, detect: { engine: "yara-x", rule, scope } } as unknown as Prescription;
}

test("a bundle names its rules by prescription and keeps their scopes", async () => {
  const bundle = createBundle([
    prescription("rx-one", "AAAA", ["shell"]),
    prescription("rx-two", "AAAA", ["elf64", "shell"]),
  ]);
  for (const kind of ["native", "wasm"] as const) {
    const compiled = (await loadEngine(kind)).compile(bundle.rules);
    const content = new Uint8Array(Buffer.from("..AAAA"));
    const ids = (type: "shell" | "elf64" | "text") =>
      scanFile({ bundle, compiled }, content, type).map(({ rule }) => rule.prescription);
    assert.deepEqual(ids("shell"), ["rx-one", "rx-two"]);
    assert.deepEqual(ids("elf64"), ["rx-two"]);
    assert.deepEqual(ids("text"), []);
    compiled.close();
  }
});

test("a file that a prescription and its successors find is one finding", async () => {
  const replacing = (id: string, marker: string, ...replaces: string[]) =>
    ({ ...prescription(id, marker, ["shell"]), replaces }) as Prescription;
  const bundle = createBundle([
    prescription("rx-a", "AAAA", ["shell"]),
    replacing("rx-b", "BBBB", "rx-a"),
    replacing("rx-c", "CCCC", "rx-b", "rx-gone"),
  ]);
  const compiled = (await loadEngine()).compile([...bundle.rules]);
  const found = (text: string) =>
    scanFile({ bundle, compiled }, Buffer.from(text), "shell").map(({ rule }) => rule.prescription);
  assert.deepEqual(found("AAAA BBBB"), ["rx-b"]);
  assert.deepEqual(found("AAAA CCCC"), ["rx-c"], "over two steps");
  assert.deepEqual(found("AAAA"), ["rx-a"], "what only the old one finds is found");
  compiled.close();
});

test("of prescriptions that replace each other none hides what was found", async () => {
  const replacing = (id: string, marker: string, ...replaces: string[]) =>
    ({ ...prescription(id, marker, ["shell"]), replaces }) as Prescription;
  const bundle = createBundle([
    replacing("rx-a", "AAAA", "rx-b"),
    replacing("rx-b", "BBBB", "rx-a", "rx-c"),
    prescription("rx-c", "CCCC", ["shell"]),
    prescription("rx-d", "DDDD", ["shell"]),
  ]);
  const compiled = (await loadEngine()).compile([...bundle.rules]);
  const found = (text: string) =>
    scanFile({ bundle, compiled }, Buffer.from(text), "shell").map(({ rule }) => rule.prescription);
  assert.deepEqual(found("AAAA BBBB"), ["rx-a", "rx-b"]);
  assert.deepEqual(found("AAAA BBBB CCCC"), ["rx-a", "rx-b"]);
  assert.deepEqual(found("AAAA BBBB DDDD"), ["rx-a", "rx-b", "rx-d"]);
  assert.deepEqual(found("AAAA CCCC"), ["rx-a"]);
  compiled.close();
});

test("the digest depends on every source", () => {
  const one = createBundle([prescription("rx-one", "AAAA", ["shell"])]);
  assert.equal(one.digest, createBundle([prescription("rx-one", "AAAA", ["shell"])]).digest);
  assert.notEqual(one.digest, createBundle([prescription("rx-one", "AAAB", ["shell"])]).digest);
  assert.notEqual(one.digest, createBundle([prescription("rx-two", "AAAA", ["shell"])]).digest);
});

test("one prescription twice is refused", () => {
  const same = prescription("rx-one", "AAAA", ["shell"]);
  assert.throws(() => createBundle([same, same]), { code: "CONFLICT" });
});

test("plain sources count everywhere", () => {
  const scope = new BundleScope(bundleSources([{ namespace: "n", source: "" }]));
  assert.equal(scope.limited, false);
  assert.equal(scope.mayMatch("archive"), true);
  assert.equal(new BundleScope(bundleSources([], ["elf64"])).mayMatch("elf64"), false);
});
