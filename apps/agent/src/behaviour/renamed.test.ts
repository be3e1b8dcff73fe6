import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { lstatSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Of } from "../files/regular.ts";
import { lookAtFile } from "./content/look.ts";
import type { DocumentChange } from "./facts.ts";
import { renamedOf, type Was } from "./renamed.ts";

test("a new name is told from new content: by digest, else by inode, size and time", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "thymus-renamed-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const moved = (name: string, digest: boolean, spoil: boolean) => {
    const [old, path] = [join(folder, name), join(folder, `${name}.x`)];
    const bytes = randomBytes(9000);
    writeFileSync(old, bytes);
    utimesSync(old, 1_700_000_000, 1_700_000_000);
    const stat = lstatSync(old, { bigint: true });
    const was: Was = {
      ...{ size: 9000, mtimeNs: String(stat.mtimeNs), ino: String(stat.ino) },
      sha256: digest ? sha256Of(bytes) : null,
    };
    if (spoil) writeFileSync(old, randomBytes(9000));
    utimesSync(old, 1_700_000_000, 1_700_000_000);
    renameSync(old, path);
    const documents: DocumentChange[] = [
      { path: old, fate: "gone", before: null, after: null },
      { path, fate: "created", before: null, after: lookAtFile(path) },
    ];
    return renamedOf(documents, new Map([[old, was]])).size;
  };
  assert.equal(moved("a.wmv", true, false), 2);
  assert.equal(moved("b.wmv", false, false), 2);
  assert.equal(moved("c.docx", true, false), 2);
  // Encrypted in place, its time set back, then renamed.
  assert.equal(moved("d.docx", true, true), 0);
  assert.equal(moved("e.docx", false, true), 0);
});
