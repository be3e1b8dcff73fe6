import assert from "node:assert/strict";
import { test } from "node:test";
import { type CorpusFile, FileType } from "@thymus/contracts";
import fc from "fast-check";
import { planSample } from "./sample-plan.ts";

const files = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2_000_000 }), fc.constantFrom(...FileType.options), fc.nat(30)), {
    maxLength: 50,
  })
  .map((entries) =>
    entries.map(
      ([size, type, content], index) =>
        ({
          path: `/${index}`,
          size,
          type,
          mtimeMs: 0,
          sha256: content.toString(16).padStart(64, "0"),
        }) as CorpusFile,
    ),
  );

test("stays within the limit and within each file, and takes no content twice", () => {
  fc.assert(
    fc.property(files, fc.nat(5_000_000), (all, limit) => {
      const pieces = planSample(all, limit);
      assert.ok(pieces.reduce((sum, { length }) => sum + length, 0) <= limit);
      const byPath = new Map(all.map((file) => [file.path, file]));
      for (const { path, offset, length } of pieces) {
        assert.ok(offset >= 0 && offset + length <= byPath.get(path)!.size);
      }
      const contents = [...new Set(pieces.map(({ path }) => path))].map((path) => byPath.get(path)!.sha256);
      assert.equal(new Set(contents).size, contents.length);
    }),
  );
});

test("is the same for the same files", () => {
  fc.assert(
    fc.property(files, fc.nat(5_000_000), (all, limit) => {
      assert.deepEqual(planSample(all, limit), planSample([...all], limit));
    }),
  );
});
