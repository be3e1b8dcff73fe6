import assert from "node:assert/strict";
import { test } from "node:test";
import { families } from "./families.ts";
import { readRecipe } from "./make.ts";
import { formatRecipe, parseRecipe } from "./recipe.ts";
import { bucket, splitOf } from "./split.ts";
import { insidePath } from "./unpack.ts";

test("a recipe reads as it was written", () => {
  for (const name of ["families", "goodware"] as const) {
    const recipe = readRecipe(name);
    assert.ok(recipe.entries.length > 100);
    assert.deepEqual(parseRecipe(formatRecipe(recipe)), recipe);
  }
  assert.throws(() => parseRecipe("# thymus bench recipe 1, made 2026-01-01\ndebian a b 1 amd64 x y z\n"), {
    code: "DOCUMENT_INVALID",
  });
});

test("the parts of goodware share no source package, and none of a family", () => {
  const parts = new Map<string, string>();
  for (const { source, use } of readRecipe("goodware").entries) {
    assert.equal(parts.get(source) ?? use, use, source);
    parts.set(source, use);
    assert.ok(!families.some(({ sources }) => sources.includes(source)), source);
    if (use !== "train") assert.equal(splitOf(source, new Set()), use);
  }
  assert.equal(bucket("nano"), bucket("nano"));
});

test("no name of a package leads out of its folder", () => {
  assert.equal(insidePath("./usr/bin/x"), "usr/bin/x");
  assert.equal(insidePath("/etc/passwd"), "etc/passwd");
  for (const name of ["../x", "a/../../x", "./", "", "a\0b"]) assert.equal(insidePath(name), null);
});
