import assert from "node:assert/strict";
import { test } from "node:test";
import { Writer } from "./answerer/writer.ts";

test("what a program does to its own new files changes no document", () => {
  const writer = new Writer("one");
  writer.make("/d/new");
  writer.change("/d/new");
  writer.rename("/d/new", "/d/newer", false);
  writer.remove("/d/newer");
  assert.equal(writer.changed.size, 0);
});

test("written, removed, renamed away, and replaced by another file: each document counts once", () => {
  const writer = new Writer("one");
  writer.change("/d/a");
  writer.change("/d/a");
  writer.rename("/d/a", "/d/a.enc", false);
  writer.remove("/d/b");
  writer.make("/d/c.tmp");
  writer.rename("/d/c.tmp", "/d/c", true);
  writer.rename("/d/d", null, false);
  assert.deepEqual([...writer.changed], ["/d/a", "/d/b", "/d/c", "/d/d"]);
});

test("it is asked about from the fifth document on, each further one, then ever more seldom; a decoy at once", () => {
  const writer = new Writer("one");
  const asked: number[] = [];
  for (let count = 1; count <= 40; count++) {
    writer.change(`/d/${count}`);
    if (!writer.due(5)) continue;
    asked.push(count);
    writer.asking(1);
    assert.equal(writer.due(5), false, "one question at a time");
    writer.ask = 0;
  }
  assert.deepEqual(asked.slice(0, 12), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  assert.ok(asked.length < 28);
  const other = new Writer("two");
  other.change("/d/decoy");
  other.decoy = true;
  assert.ok(other.due(5));
});
