import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { byteString, pathOf, shown, splitPath, textOf } from "./byte-string.ts";
import { changedFields, kindOf, sameStamp } from "./stamp.ts";

const bytes = (path: string) => Buffer.from(pathOf(path));

test("a path of any bytes has its own byte string, which sorts as the bytes do", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const [one, two] = [a, b].map((each) => Buffer.from(each).toString("latin1")) as [string, string];
      assert.deepEqual(bytes(one), Buffer.from(a));
      assert.equal(Math.sign(Buffer.compare(a, b)), one < two ? -1 : one > two ? 1 : 0);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(textOf(byteString(text)), text);
      assert.equal(shown(byteString(text)), text);
    }),
  );
  assert.equal(textOf("a\xff"), null);
  assert.equal(shown("a\xff"), "a\ufffd");
  assert.deepEqual(splitPath("/x"), { folder: "/", name: "x" });
  assert.deepEqual(splitPath("/x/y"), { folder: "/x", name: "y" });
});

test("stamps tell what differs; those from before owners were recorded say nothing of owners", () => {
  const file = "10 1 2 3 33188 0 0";
  assert.equal(kindOf(file), "file");
  assert.equal(kindOf("0 0 0 3 16877 0 0"), "folder");
  assert.equal(kindOf("0 0 0 3 41471 0 0"), "link");
  assert.equal(kindOf("0 0 0 3 4480 0 0"), "special");
  assert.deepEqual(changedFields(file, "11 1 5 3 33261 1 0"), ["size", "ctime", "mode", "owner"]);
  assert.deepEqual(changedFields("259 1 2 3 8612 0 0", "260 1 2 3 8612 0 0"), ["device"]);
  assert.ok(sameStamp("10 1 2 3 33188", file));
  assert.ok(!sameStamp("10 1 2 3 33189", file));
  assert.ok(!sameStamp("1 1 2 3 33188", "11 1 2 3 33188 0 0"));
  assert.deepEqual(changedFields("10 1 2 3 33188", "10 1 2 3 33188 5 5"), []);
});
