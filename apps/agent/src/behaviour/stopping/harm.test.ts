import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Sha256 } from "@thymus/contracts";
import type { Copies, Copy } from "../../copies/copies.ts";
import { sha256Of } from "../../files/regular.ts";
import { lookAt } from "../content/look.ts";
import type { DocumentChange } from "../facts.ts";
import { newestReadable } from "./give-back.ts";
import { harmOf } from "./harm.ts";

const noise = Buffer.concat(
  Array.from({ length: 90 }, (_, at) => createHash("sha256").update(`${at}`).digest()),
);
const prose = (what: string) =>
  Buffer.from(`${what}: all invoices are paid, nothing is left open.\n`.repeat(40));
const change = (fate: DocumentChange["fate"], name: string, content: Uint8Array | null): DocumentChange => ({
  ...{ path: `/home/a/${name}`, fate, before: null, after: content && lookAt(content) },
});
const names = (paths: Iterable<string>) => [...paths].map((path) => path.slice("/home/a/".length)).sort();
const pairs = (map: ReadonlyMap<string, string>) => [...map].map((pair) => names(pair));

test("only what can be read no more is harm; an edit, a removed and a new file are not", () => {
  const { harmed, instead } = harmOf(
    [
      change("written", "spoilt.txt", noise),
      change("written", "emptied.txt", Buffer.alloc(0)),
      change("written", "edited.txt", prose("edited")),
      change("gone", "removed.docx", null),
      change("created", "letter.txt", prose("letter")),
    ],
    () => true,
  );
  assert.deepEqual(names(harmed), ["emptied.txt", "spoilt.txt"]);
  assert.deepEqual(pairs(instead), []);
});

test("each file of noise stands for one document that went, by its name first", () => {
  const { harmed, instead } = harmOf(
    [
      change("gone", "b.docx", null),
      change("gone", "a.docx", null),
      change("gone", "film.wmv", null),
      change("created", "a.docx.locked", noise),
      change("created", "b.enc", noise),
      change("created", "of-another.key", noise),
    ],
    () => false,
  );
  assert.deepEqual(names(harmed), ["a.docx", "b.docx"]);
  assert.deepEqual(pairs(instead), [
    ["a.docx", "a.docx.locked"],
    ["b.docx", "b.enc"],
  ]);
});

test("noise under another name counts only where the tree wrote it", () => {
  const documents = [change("gone", "a.docx", null), change("created", "8f3a", noise)];
  assert.deepEqual(names(harmOf(documents, () => false).harmed), []);
  assert.deepEqual(pairs(harmOf(documents, () => true).instead), [["8f3a", "a.docx"]]);
});

test("the newest copy that can be read goes back: what others wrote after the tree began is not lost", async () => {
  const contents = [noise, prose("newer"), prose("older")];
  const kept = contents.map((bytes, at) => ({
    ...{ path: "/home/a/x.txt", sha256: Sha256.parse(sha256Of(bytes)), identity: {} as Copy["identity"] },
    at: new Date(3_000_000 - at * 1_000_000).toISOString(),
  }));
  const copies: Pick<Copies, "of" | "firstClean"> = {
    of: async () => kept,
    firstClean: async ([copy]) =>
      copy ? { copy, bytes: contents[kept.indexOf(copy as (typeof kept)[0])]!, skipped: 0 } : null,
  };
  const found = await newestReadable(copies, "/home/a/x.txt", 1_500_000);
  assert.equal(String(found?.bytes).slice(0, 5), "newer");
  // Where it was noise all along, the last content from before.
  contents[1] = noise.subarray(32);
  contents[2] = noise.subarray(64);
  assert.equal((await newestReadable(copies, "/home/a/x.txt", 1_500_000))?.bytes, contents[2]);
});
