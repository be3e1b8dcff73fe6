import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { needs } from "@thymus/testkit";
import { readStat } from "../processes/proc-files.ts";
import { runEncryption } from "../testing/encryption.ts";
import { openProcesses } from "../verbs/processes.ts";

/** The figures of docs/agent-figures.md come from 5000. */
const documents = Number(process.env.THYMUS_SHOW_DOCUMENTS ?? 60);

const turned = /documents? became noise/;
const decoy = /the decoy .* was made unreadable/;

// Show 3 of the agent: at most ten documents, whatever stops it, and all of them come back. With 1000 for `files` nothing counts
// documents before decoys are met.
const shows = [
  { variant: "skip-hidden", files: 5, by: turned },
  { variant: "tree-skip-hidden", files: 5, by: turned },
  { variant: "new-delete-skip-hidden", files: 5, by: turned },
  { variant: "rename-skip-hidden", files: 5, by: turned },
  { variant: "skip-hidden+reverse", files: 5, by: /documents? became noise|was made unreadable/ },
  { variant: "in-place+random", files: 5, by: /documents? became noise|was made unreadable/ },
  { variant: "decoys-first", files: 1000, by: decoy },
  { variant: "new-delete", files: 1000, by: decoy },
  { variant: "in-place+reverse", files: 1000, by: decoy },
  { variant: "in-place+reverse-walk", files: 1000, by: decoy },
  { variant: "in-place+newest", files: 1000, by: decoy },
  { variant: "tree", files: 1000, by: decoy },
  { variant: "tree+folders", files: 1000, by: decoy },
  { variant: "tree+reverse", files: 1000, by: decoy },
] as const;
/** Tests with many documents only: with few, others of the list meet the same decoys and patterns. */
const large = new Set<string>([
  "rename-skip-hidden",
  "skip-hidden+reverse",
  "in-place+reverse-walk",
  "tree",
  "tree+reverse",
]);
for (const { variant, files, by } of shows.filter((each) => documents >= 1000 || !large.has(each.variant)))
  test(`an encryptor (${variant}) is stopped and undone`, { skip: needs("root") }, async (t) => {
    const mode = variant === "new-delete" ? "end" : "suspend";
    const show = await runEncryption({
      documents,
      perFolder: documents > 1000 ? 100 : 12,
      variant,
      behaviour: { files, mode },
    });
    t.after(() => show.close());
    t.diagnostic(`${show.changed} of ${documents} documents in ${Math.round(show.stoppedAfter)} ms`);
    assert.ok(show.changed <= 10, `${show.changed} documents`);
    assert.deepEqual(show.different.slice(0, 5), []);
    assert.deepEqual(show.strange.slice(0, 5), []);
    const verbs = await openProcesses(show);
    t.after(() => verbs.close());
    const [tree, ...more] = await verbs.list();
    assert.deepEqual(more, []);
    assert.match(tree!.why, by);
    assert.match(tree!.why, /not if/);
    if (mode === "end") {
      assert.equal(tree!.state, "ended");
      if (show.encryptor.signalCode === null) await once(show.encryptor, "exit");
      assert.equal(show.encryptor.signalCode, "SIGKILL");
      return;
    }
    assert.equal(tree!.state, "suspended");
    assert.ok(tree!.processes.length >= (variant === "tree-skip-hidden" ? 5 : 1));
    // The agent is gone by now or not: the record and the verb need it no more.
    await show.endAgent();
    assert.equal((await verbs.list())[0]!.state, "suspended");
    assert.equal((await verbs.end(tree!.id)).state, "ended");
    if (show.encryptor.signalCode === null) await once(show.encryptor, "exit");
    assert.equal(readStat(show.encryptor.pid!), null);
    await assert.rejects(verbs.resume(tree!.id), /is ended/);
  });
