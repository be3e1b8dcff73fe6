import assert from "node:assert/strict";
import { test } from "node:test";
import { FolderTable } from "./folder-table.ts";

test("a folder that is found under another name takes along what is below it", () => {
  const table = new FolderTable<number>();
  const root = table.addRoot("/w", 0);
  const a = table.add(root, "a", 1);
  const inner = table.add(a, "inner", 2);
  const b = table.add(root, "b", 3);
  assert.equal(table.pathOf(inner), "/w/a/inner");
  assert.equal(table.add(b, "moved", 1), a);
  assert.equal(table.pathOf(inner), "/w/b/moved/inner");
  assert.equal(root.children.has("a"), false);
  assert.equal(table.count("/w"), 4);
  assert.deepEqual(table.drop(b).sort(), [1, 2, 3]);
  assert.equal(table.get(2), undefined);
  assert.equal(table.count("/w"), 1);
});

test("another folder under the same name takes its place, and paths of the root of all begin with one slash", () => {
  const table = new FolderTable<string>();
  const root = table.addRoot("/", "r");
  const first = table.add(root, "x", "1");
  table.add(first, "below", "2");
  const second = table.add(root, "x", "3");
  assert.equal(table.pathOf(second), "/x");
  assert.equal(table.get("1"), undefined);
  assert.equal(table.get("2"), undefined);
  assert.equal(table.pathOf(root), "/");
  assert.equal(table.count("/"), 2);
});
