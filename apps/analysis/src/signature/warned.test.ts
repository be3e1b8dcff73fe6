import assert from "node:assert/strict";
import { test } from "node:test";
import { isWarned, warnedSpans } from "./warned.ts";

const self = { warned: (text: string) => (/\bexample\.org\b|Known words here/.test(text) ? "list" : null) };

test("the words that a list names are found where they stand, in either encoding", () => {
  const text = "run 'http://www.example.org/a' now";
  const bytes = Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(text), Buffer.from([0])]);
  const from = 3 + text.indexOf("http");
  assert.deepEqual(warnedSpans(bytes, self), [
    { start: from, end: from + "http://www.example.org/a".length },
  ]);
  const wide = Buffer.from("\u0001example.org", "utf16le");
  assert.deepEqual(warnedSpans(wide, self), [{ start: 2, end: 24 }]);
  const whole = Buffer.from("Known words here");
  assert.deepEqual(warnedSpans(whole, self), [{ start: 0, end: whole.length }]);
  assert.deepEqual(warnedSpans(Buffer.from("nothing of the kind"), self), []);
  assert.deepEqual(warnedSpans(bytes, {}), []);
});

test("a string is judged by its bytes, by its runs, or as it is written", () => {
  const string = (given: object) => isWarned({ text: "$", logProbability: -90, ...given }, self);
  assert.ok(string({ bytes: Buffer.from("//example.org/") }));
  assert.ok(string({ runs: [[Buffer.from("other text")], [Buffer.from("www.example.org")]] }));
  assert.ok(string({ text: '"www.example.org" nocase' }));
  assert.ok(!string({ text: '"another.example.net" nocase' }));
});
