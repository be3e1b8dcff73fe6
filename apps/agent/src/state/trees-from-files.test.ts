import assert from "node:assert/strict";
import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Config } from "@thymus/contracts";
import { openDatabase } from "@thymus/store";
import { sql } from "kysely";
import { baselineRow } from "../monitors/baseline.ts";
import { openBaseline } from "../verbs/baseline.ts";
import { migrations } from "./migrations.ts";
import { openAgentDatabase } from "./open.ts";

test("what was accepted before there were trees stays accepted, and only that", async (t) => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-migrate-")));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const tree = join(dir, "tr\u00e9e");
  mkdirSync(tree);
  const dataDir = join(dir, "data");
  const old = await openDatabase(join(dataDir, "agent.db"), migrations.slice(0, 5));
  for (const [name, program] of [
    ["a.sh", 1],
    ["text", 0],
    ["changed", 0],
  ] as const) {
    const path = join(tree, name);
    writeFileSync(path, "#!/bin/sh\n");
    const { size, mtimeNs, ctimeNs, ino, mode } = lstatSync(path, { bigint: true });
    await sql`insert into file (path, root, size, mtime_ns, ctime_ns, ino, mode, type, program, whole, sha256, accepted, how)
      values (${path}, ${tree}, ${Number(size)}, ${String(mtimeNs)}, ${String(ctimeNs)}, ${String(ino)}, ${Number(mode) & 0o7777},
      'shell', ${program}, 1, ${program ? "ab".repeat(32) : null}, 'then', 'first-baseline')`.execute(old);
  }
  await old.destroy();
  writeFileSync(join(tree, "changed"), "#!/bin/bash\n");
  const db = await openAgentDatabase(dataDir);
  assert.deepEqual(
    (await db.selectFrom("file").select("path").execute()).map(({ path }) => path),
    [join(tree, "a.sh")],
  );
  assert.equal((await baselineRow(db, join(tree, "text")))?.program, 0);
  assert.equal((await baselineRow(db, join(tree, "a.sh")))?.sha256, "ab".repeat(32));
  await db.destroy();
  const verbs = await openBaseline({ dataDir, config: Config.parse({ agent: { watch: [tree] } }) });
  t.after(() => verbs.close());
  const found: string[] = [];
  await verbs.check([tree], {
    onDifference: ({ what, path }) => found.push(`${what} ${path.slice(tree.length)}`),
  });
  assert.deepEqual(found.sort(), ["appeared ", "changed /changed"]);
});
