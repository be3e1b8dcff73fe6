import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { openAgentDatabase } from "../../state/open.ts";
import { until } from "../../testing/scene.ts";
import { DocumentDecoys } from "./document-decoys.ts";
import { Tending } from "./tending.ts";

async function scene(t: { after(end: () => unknown): void }) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-papers-")));
  const db = await openAgentDatabase(join(dir, "data"));
  t.after(async () => {
    await db.destroy();
    rmSync(dir, { recursive: true, force: true });
  });
  const root = join(dir, "documents");
  const folder = (name: string, files: readonly string[]) => {
    mkdirSync(join(root, name), { recursive: true });
    for (const each of files) writeFileSync(join(root, name, each), `the words of ${each}\n`);
    return join(root, name);
  };
  folder(".", ["a.txt"]);
  const decoys = new DocumentDecoys({ db, log: silentLogger });
  const decoysIn = (path: string) => [...decoys.paths].filter((each) => join(each, "..") === path);
  return { root, folder, decoys, decoysIn };
}
const letters = (count: number) => Array.from({ length: count }, (_, at) => `letter-${at}.odt`);

test("decoys are the first and the last names of a long folder, and its newest file; tools' folders and small ones have none", async (t) => {
  const { root, folder, decoys, decoysIn } = await scene(t);
  const long = folder("long/below", ["Zebra.docx", "zz.pdf", ...letters(9)]);
  const short = folder("short", letters(3));
  const few = folder("few", letters(2));
  const project = folder("project", [...letters(9), "package.json"]);
  const inside = folder("project/docs", letters(9));
  const hidden = folder(".config/x", letters(9));
  await decoys.plant(root);
  for (const path of [few, project, inside, hidden]) assert.deepEqual(decoysIn(path), [], path);
  assert.equal(decoysIn(short).length, 2);
  assert.equal(decoysIn(long).length, 3);
  const names = readdirSync(long).sort();
  assert.ok(decoys.has(join(long, names[0]!)) || decoys.has(join(long, names[1]!)), names.join());
  assert.ok(decoys.has(join(long, names.at(-1)!)), names.join());
  const newest = names.sort((a, b) => statSync(join(long, b)).mtimeMs - statSync(join(long, a)).mtimeMs)[0]!;
  assert.ok(newest === ".hidden" || decoys.has(join(long, newest)), newest);
  assert.deepEqual(await decoys.check(), []);
});

test("folders that come later get theirs, a moved or copied one keeps its own, and where all else is gone they go, too", async (t) => {
  const { root, folder, decoys, decoysIn } = await scene(t);
  let planted = 0;
  const working: Promise<void>[] = [];
  const tending = new Tending({
    decoys,
    later: (work) => void working.push(work()),
    onTouched: async () => false,
    onPlanted: () => planted++,
    waits: { quiet: 50, most: 500, look: 20 },
  });
  t.after(() => tending.close());
  await tending.start([root]);
  const late = folder("late", letters(12));
  tending.changed(join(late, "letter-0.odt"));
  await until("the new folder has decoys", () => planted > 0);
  assert.equal(decoysIn(late).length, 3);
  await Promise.all(working);

  const kept = decoysIn(late)
    .map((path) => path.slice(late.length))
    .sort();
  const moved = join(root, "moved");
  const copied = join(root, "copied");
  renameSync(late, moved);
  cpSync(moved, copied, { recursive: true });
  await decoys.changedIn(root, [moved, copied]);
  for (const path of [moved, copied])
    assert.deepEqual(
      decoysIn(path)
        .map((each) => each.slice(path.length))
        .sort(),
      kept,
    );
  // Of a folder that is gone nothing is told, and nothing is made again.
  assert.deepEqual(await decoys.check(), []);
  assert.deepEqual(decoysIn(late), []);
  for (const name of letters(12)) rmSync(join(copied, name));
  await decoys.check();
  assert.deepEqual(readdirSync(copied), []);
});

test("a decoy that was changed or removed is told, and made again as it was", async (t) => {
  const { root, decoys } = await scene(t);
  await decoys.plant(root);
  assert.deepEqual(await decoys.check(), []);
  const [one, other] = [...decoys.paths].filter((path) => join(path, "..") === root);
  writeFileSync(one!, "something else");
  rmSync(other!);
  assert.deepEqual(
    (await decoys.check()).map(({ path, state }) => [path, state]),
    [
      [one, "changed"],
      [other, "gone"],
    ],
  );
  for (const path of [one, other]) assert.equal(await decoys.restore(path!), true);
  assert.deepEqual(await decoys.check(), []);
});
