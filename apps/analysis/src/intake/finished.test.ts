import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CaseId, newId, Sha256 } from "@thymus/contracts";
import { prescriptionIdOf } from "../publish/assemble.ts";
import { isFinished, readCase } from "./finished.ts";
import { fakeAnalysis, MARK } from "./testing/fake.ts";

test("a case that was answered by what is withdrawn now is analysed anew, its own prescription is not", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-finished-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, "sample");
  await writeFile(file, `#!/bin/sh\n# ${MARK}\n`);
  const id = CaseId.parse(newId("case"));
  const { signal } = new AbortController();
  const facts = { name: "run.sh", sha256: Sha256.parse("0".repeat(64)), submitter: null, busy: 1 };
  const made = await fakeAnalysis({ id, file, signal, ...facts });
  const folder = join(dir, id);
  assert.equal(await isFinished(folder, id, () => false), false, "there is nothing yet");
  await mkdir(folder);
  await writeFile(join(folder, "report.json"), JSON.stringify(made.report));
  const answerBy = (prescription: string) =>
    writeFile(join(folder, "prescription.json"), JSON.stringify({ ...made.prescription, id: prescription }));

  const other = newId("rx");
  await answerBy(other);
  assert.equal((await readCase(folder, id)).prescription?.id, other);
  assert.equal(await isFinished(folder, id, () => false), true);
  assert.equal(await isFinished(folder, id, (each) => each === other), false);
  await answerBy(prescriptionIdOf(id));
  assert.equal(await isFinished(folder, id, () => true), true);
});
