import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildCorpus, openCorpus } from "@thymus/analysis";
import { Config } from "@thymus/contracts";
import { holdLock } from "@thymus/store";
import { prepareSelf } from "./prepare.ts";

test("whoever needs self while another process learns it waits for that one, until stopped", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "thymus-prepare-"));
  t.after(() => rmSync(root, { recursive: true }));
  const good = join(root, "good");
  mkdirSync(good);
  writeFileSync(join(good, "a"), "#!/bin/sh\necho one\n");
  const made = await buildCorpus({ dir: join(root, "made"), sources: [good], modelBytes: 4096 });
  const config = Config.parse({ analysis: { goodware: [good] } });
  const prepare = async (name: string, told: (release: () => void, control: AbortController) => void) => {
    const corpusDir = join(root, name);
    const release = await holdLock(join(corpusDir, "lock"), { what: "the other" });
    const control = new AbortController();
    const steps: string[] = [];
    const onProgress = (step: string) => {
      steps.push(step);
      if (step.includes(`process ${process.pid}`)) told(release, control);
    };
    try {
      await prepareSelf({ corpusDir, config }, { onProgress, signal: control.signal });
    } finally {
      release();
    }
    return steps;
  };
  const [steps] = await Promise.all([
    prepare("corpus", (release) => {
      for (const name of readdirSync(join(root, "made")).filter((name) => !name.startsWith("lock")))
        cpSync(join(root, "made", name), join(root, "corpus", name));
      release();
    }),
    assert.rejects(
      prepare("stopped", (_release, control) => control.abort()),
      { code: "INTERRUPTED" },
    ),
  ]);
  assert.equal(steps.length, 1, steps.join());
  assert.equal((await openCorpus(join(root, "corpus"))).manifest.digest, made.digest);
});
