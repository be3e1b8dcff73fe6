import assert from "node:assert/strict";
import { test } from "node:test";
import { Writer } from "./answerer/writer.ts";
import { forgetQuiet } from "./answerer/writers.ts";

test("what a program does to its own new files changes no document", () => {
  const writer = new Writer("one");
  writer.make("/d/new");
  writer.change("/d/new", 7);
  writer.rename("/d/new", "/d/newer", false, 8);
  writer.remove("/d/newer", 7);
  assert.equal(writer.changed.size, 0);
});

test("written, removed, renamed away, and replaced by another file: each document counts once", () => {
  const writer = new Writer("one");
  writer.change("/d/a", 7);
  writer.change("/d/a", 7);
  writer.rename("/d/a", "/d/a.enc", false, 8);
  writer.remove("/d/b", 7);
  writer.make("/d/c.tmp");
  writer.rename("/d/c.tmp", "/d/c", true, 8);
  writer.rename("/d/d", null, false, 8);
  assert.deepEqual(
    [...writer.changed],
    [
      ["/d/a", 8],
      ["/d/b", 7],
      ["/d/c", 8],
      ["/d/d", 8],
    ],
  );
});

test("it is asked about from the fifth document on, each further one, then ever more seldom; a decoy at once", () => {
  const writer = new Writer("one");
  const asked: number[] = [];
  for (let count = 1; count <= 40; count++) {
    writer.change(`/d/${count}`, 7);
    if (!writer.due(5)) continue;
    asked.push(count);
    writer.asking(1);
    assert.equal(writer.due(5), false, "one question at a time");
    writer.ask = 0;
  }
  assert.deepEqual(asked.slice(0, 12), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  assert.ok(asked.length < 28);
  const other = new Writer("two");
  other.change("/d/decoy", 7);
  other.decoy = true;
  assert.ok(other.due(5));
});

test("quiet trees are forgotten, refused ones too; beyond the bound of names the quietest go, never one with a question", () => {
  const writers = new Map<string, Writer>();
  const add = (key: string, seen: number, names: number): Writer => {
    const writer = new Writer(key);
    writer.seen = seen;
    for (let n = 0; n < names; n++) writer.make(`/d/${key}/${n}`);
    writers.set(key, writer);
    return writer;
  };
  add("refused", 0, 1).denied = true;
  add("asked", 0, 1).ask = 3;
  add("recent", 1_000_000, 1);
  forgetQuiet(writers, 1_000_001);
  assert.deepEqual([...writers.keys()], ["asked", "recent"]);
  for (let n = 0; n < 21; n++) add(`busy ${n}`, 1_000_000 + n, 10_000);
  forgetQuiet(writers, 1_000_100);
  assert.ok([...writers.values()].reduce((sum, { names }) => sum + names, 0) <= 100_000);
  assert.ok(writers.has("asked") && writers.has("busy 20") && !writers.has("recent"));
});
