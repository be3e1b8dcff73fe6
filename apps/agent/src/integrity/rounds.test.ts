import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Config, silentLogger } from "@thymus/contracts";
import { Politeness } from "../citizen/politeness.ts";
import { Timeline } from "../link/timeline.ts";
import { openAgentDatabase } from "../state/open.ts";
import { openBaseline } from "../verbs/baseline.ts";
import { entryAt, recordEntry } from "./entries.ts";
import { Rounds } from "./rounds.ts";

test("a round reads everything once, learns what was not read, and tells what changed behind its metadata", async (t) => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-rounds-")));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const tree = join(dir, "tree");
  mkdirSync(tree);
  for (let n = 0; n < 700; n++) writeFileSync(join(tree, `f${n}`), `content ${n}`);
  const dataDir = join(dir, "data");
  const config = Config.parse({});
  const verbs = await openBaseline({ dataDir, config });
  await verbs.create([tree]);
  await verbs.close();
  const db = await openAgentDatabase(dataDir);
  const forged = join(tree, "f699");
  const unread = join(tree, "f1");
  const digest = (await entryAt(db, unread))!.sha256;
  await recordEntry(db, unread, { ...(await entryAt(db, unread))!, sha256: null });
  // A raw write to the disk moves no time: here what is known is changed instead of what is there.
  await recordEntry(db, forged, { ...(await entryAt(db, forged))!, sha256: "another" });
  writeFileSync(join(tree, "f2"), "its times tell");
  const found: string[] = [];
  const rounds = new Rounds({
    db,
    log: silentLogger,
    timeline: new Timeline(dataDir, silentLogger),
    politeness: new Politeness(config.agent.scan),
    maxBytes: 1 << 20,
    days: 1,
    rootOf: () => tree,
    onForged: (_root, path) => found.push(path),
  });
  t.after(async () => {
    await rounds.close();
    await db.destroy();
  });
  await rounds.stretch();
  assert.deepEqual(found, []);
  await rounds.stretch();
  assert.deepEqual(found, [forged]);
  assert.equal((await entryAt(db, unread))!.sha256, digest);
  const notes = await db.selectFrom("event").select("what").execute();
  assert.equal(notes.filter(({ what }) => what.includes(forged)).length, 1);
});
