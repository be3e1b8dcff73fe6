import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Config, type Logger } from "@thymus/contracts";
import { Politeness } from "../citizen/politeness.ts";
import { Timeline } from "../link/timeline.ts";
import { writeMeta } from "../state/meta.ts";
import { openAgentDatabase } from "../state/open.ts";
import { Serial } from "../state/serial.ts";
import { ActivePrescriptions } from "./active.ts";
import { FullScan } from "./full-scan.ts";
import type { Healer } from "./healer.ts";

const log: Logger = {
  info() {},
  warn() {},
  error: (message, fields) => assert.fail(`${message} ${fields?.why}`),
};

/** A folder with one file that an added rule finds; nothing here may be healed. */
async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "thymus-full-scan-"));
  const [watched, rules, dataDir] = ["watched", "rules", "data"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [watched, rules, dataDir]) await mkdir(each);
  await writeFile(join(rules, "added.yar"), 'rule added { strings: $a = "MARKER" condition: $a }');
  await writeFile(join(watched, "file"), "a MARKER here");
  await writeFile(join(watched, "clean"), "nothing");
  await mkdir(join(watched, "foreign"));
  await writeFile(join(watched, "foreign", "file"), "a MARKER that is not looked at");
  const db = await openAgentDatabase(dataDir);
  const config = Config.parse({ agent: { scan: { rules: [rules], pressure: 100, onBattery: true } } });
  const scan = new FullScan({
    active: new ActivePrescriptions(db, log),
    config,
    dataDir,
    db,
    healer: { heal: () => assert.fail("an added rule acts") } as unknown as Healer,
    log,
    maxBytes: 1 << 20,
    onLayers: () => {},
    politeness: new Politeness(config.agent.scan),
    roots: () => [watched],
    rootOf: () => watched,
    skip: (folder) => folder === join(watched, "foreign"),
    serial: new Serial(),
    timeline: new Timeline(dataDir, log),
  });
  t.after(async () => {
    await scan.close();
    await db.destroy();
    await rm(folder, { recursive: true });
  });
  const events = async () => {
    const text = await readFile(join(dataDir, "events.ndjson"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { what: string }).what);
  };
  return { scan, db, events, watched };
}

test("a full scan tells what an added rule finds, does nothing about it, and comes again after days only", async (t) => {
  const { scan, db, events, watched } = await setUp(t);
  await scan.look();
  const first = await events();
  assert.equal(first.length, 2, first.join("\n"));
  assert.match(first[0]!, /the rule added of added\.yar finds .*file: told only/);
  assert.match(first[1]!, /full scan: 2 files .* 1 with finds, 0 not scanned wholly/);
  assert.equal(await readFile(join(watched, "file"), "utf8"), "a MARKER here");
  await scan.look();
  assert.equal((await events()).length, 2, "it is not due");
  await writeMeta(db, "full-scan-begun", new Date().toISOString());
  await scan.look();
  const again = await events();
  assert.match(again.at(-1)!, /gone on with after a restart: 2 files/);
});
