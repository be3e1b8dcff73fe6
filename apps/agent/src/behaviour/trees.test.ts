import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessTable } from "../processes/table.ts";
import { Trees } from "./trees.ts";

test("a document that one process of a job made is there for another that changes it, if that is sure", async () => {
  const image = { exe: "/usr/bin/python3", deleted: false, file: null, cmdline: [] };
  const table = new ProcessTable();
  const writer = table.add(10, { start: 1, parent: 0, uid: 0, image });
  const other = table.add(11, { start: 2, parent: 10, uid: 1, image });
  const trees = new Trees(
    () => false,
    async () => ({ known: false }),
  );
  const tree = trees.of(writer, 1);
  assert.equal((await trees.note(tree, writer, "/d/a.txt")!.before).known, false);
  assert.equal((await trees.note(tree, writer, "/d/a.txt")!.before).known, false);
  const sure = trees.note(tree, other, "/d/a.txt", true)!;
  assert.deepEqual([(await sure.before).known, [...sure.writers]], [true, [other]]);
  assert.deepEqual([tree.count, (await tree.touched.get("/d/a.txt")!.before).known], [1, true]);
});
