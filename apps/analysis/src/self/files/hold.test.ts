import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildCorpus } from "../build.ts";
import { openCorpus } from "../corpus.ts";
import { importList } from "../lists/import-list.ts";
import { exportCorpus } from "../portable/export.ts";
import { importCorpus } from "../portable/import.ts";

test("one process changes a corpus; others are told who does, and go on when it is dead", async (t) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-corpus-hold-")));
  t.after(() => rmSync(root, { recursive: true }));
  const [good, dir] = [join(root, "good"), join(root, "corpus")];
  mkdirSync(good);
  writeFileSync(join(good, "a"), "#!/bin/sh\necho one\n");
  const build = { dir, sources: [good], modelBytes: 4096 };
  await buildCorpus(build);
  const [portable, list] = [join(root, "other.self"), join(root, "list")];
  await exportCorpus(dir, portable);
  writeFileSync(list, `${"a".repeat(64)}\n`);
  writeFileSync(join(good, "b"), "#!/bin/sh\necho two\n");

  const script = `import { writeSync } from "node:fs";
    import { buildCorpus } from ${JSON.stringify(new URL("../build.ts", import.meta.url).href)};
    const onProgress = (step) => {
      if (step !== "reading goodware") return;
      writeSync(1, "reading");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    await buildCorpus({ ...${JSON.stringify(build)}, onProgress });`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const change = [
    () => buildCorpus(build),
    () => importCorpus(dir, portable),
    () => importList(dir, list),
  ] as const;
  try {
    await once(child.stdout, "data");
    const told = { code: "CONFLICT", message: new RegExp(`process ${child.pid}\\b`), hint: /wait until/ };
    await Promise.all(change.map((each) => assert.rejects(each(), told)));
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  for (const each of change) await each();
  const { manifest } = await openCorpus(dir);
  assert.deepEqual([manifest.files, manifest.imported?.from.length, manifest.lists?.length], [2, 1, 1]);
});
