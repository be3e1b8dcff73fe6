import assert from "node:assert/strict";
import { test } from "node:test";
import type { RepairOutcome, Sha256 } from "@thymus/contracts";
import { fittingFiles } from "../scanning/handled.ts";
import { fitting } from "./courier.ts";

test("events are told in messages that fit, whatever names hostile files have", () => {
  const hostile = Array.from({ length: 500 }, () => ({ what: "\u0001".repeat(2048) }));
  const first = fitting(hostile);
  assert.ok(first > 0 && first < 500);
  assert.ok(JSON.stringify(hostile.slice(0, first)).length < 1 << 20);
  assert.equal(fitting([{ what: "\u0001".repeat(1 << 20) }]), 1);
  assert.equal(fitting([{ what: "short" }, { what: "short" }]), 2);
});

test("an outcome of very many files keeps what went wrong", () => {
  const sha256 = "0".repeat(64) as Sha256;
  const files = Array.from(
    { length: 10_000 },
    (_, index): RepairOutcome => ({
      path: `/${"long/".repeat(200)}${index}`,
      result: index === 9_999 ? "failed" : "repaired",
      why: null,
      sha256Before: sha256,
      sha256After: sha256,
    }),
  );
  const told = fittingFiles(files);
  assert.ok(JSON.stringify(told).length < 8 << 20);
  assert.ok(told.length > 1000 && told.some(({ result }) => result === "failed"));
  assert.equal(fittingFiles(files.slice(0, 3)).length, 3);
});
