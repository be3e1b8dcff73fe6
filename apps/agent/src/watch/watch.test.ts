import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needs } from "@thymus/testkit";
import type { Changed, RootState } from "./messages.ts";
import { Watch } from "./watch.ts";

type Prefer = "fanotify" | "inotify";

/** A folder of its own; for fanotify a file system of its own, so that no other program's events are read. */
function place(t: TestContext, prefer: Prefer): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-watch-")));
  if (prefer === "fanotify") execFileSync("mount", ["-t", "tmpfs", "none", dir]);
  t.after(() => {
    if (prefer === "fanotify") execFileSync("umount", ["-l", dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

async function watching(t: TestContext, roots: string[], prefer: Prefer, skipped: string[] = []) {
  const seen = new Map<string, Changed>();
  const gaps: string[] = [];
  const states = new Map<string, RootState>();
  const watch = await Watch.open({
    roots,
    skipped,
    prefer,
    expected: {},
    onChanges: (_, changes) => {
      for (const change of changes) seen.set(change.path, change);
    },
    onGap: (_, why) => gaps.push(why),
    onState: (state) => states.set(state.root, state),
  });
  t.after(() => watch.close());
  /** Resolves when everything that was written before is told: the last file is told after it. */
  const told = async (marker: string) => {
    writeFileSync(marker, "");
    for (const limit = Date.now() + 30_000; !seen.has(marker); ) {
      if (Date.now() > limit) throw new Error(`${marker} was never told`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { watch, seen, gaps, states, told };
}

const kinds: { prefer: Prefer; skip: false | string }[] = [
  { prefer: "inotify", skip: false },
  { prefer: "fanotify", skip: needs("root") },
];

for (const { prefer, skip } of kinds) {
  test(`${prefer}: every path of a burst is told, in folders faster than they can be watched too`, {
    skip,
  }, async (t) => {
    const root = place(t, prefer);
    const { watch, seen, gaps, told } = await watching(t, [root], prefer);
    assert.equal(watch.kind, prefer);
    const truth = new Set<string>();
    for (let folder = 0; folder < 40; folder++) {
      const deep = join(root, `a${folder}`, "b", "c");
      mkdirSync(deep, { recursive: true });
      for (let file = 0; file < 10; file++) {
        const path = join(deep, `f${file}`);
        writeFileSync(path, "x");
        if (file % 5 === 1) {
          renameSync(path, join(root, `moved-${folder}-${file}`));
          truth.add(join(root, `moved-${folder}-${file}`));
        } else truth.add(path);
      }
      if (folder % 4 === 0) {
        renameSync(join(root, `a${folder}`), join(root, `z${folder}`));
        for (const path of truth)
          if (path.startsWith(`${join(root, `a${folder}`)}/`)) {
            truth.delete(path);
            truth.add(path.replace(`/a${folder}/`, `/z${folder}/`));
          }
      }
    }
    await told(join(root, "end"));
    const missed = [...truth].filter((path) => !seen.has(path));
    assert.deepEqual(missed, []);
    assert.deepEqual(gaps, []);
  });
}

for (const { prefer, skip } of kinds) {
  test(`${prefer}: a root that is replaced is a gap, and its successor is watched`, { skip }, async (t) => {
    const dir = place(t, prefer);
    const root = join(dir, "root");
    mkdirSync(root);
    const { watch, seen, gaps, states, told } = await watching(t, [root], prefer);
    renameSync(root, join(dir, "elsewhere"));
    await watch.check();
    assert.equal(states.get(root)?.missing, true);
    assert.match(gaps.join(), /is gone/);
    mkdirSync(join(root, "new"), { recursive: true });
    await watch.check();
    assert.equal(states.get(root)?.missing, false);
    assert.equal(gaps.length, 2);
    await told(join(root, "new", "file"));
    writeFileSync(join(dir, "elsewhere", "not-ours"), "");
    await told(join(root, "new", "end"));
    assert.deepEqual(
      [...seen.keys()].filter((path) => path.includes("elsewhere")),
      [],
    );
  });

  test(`${prefer}: folders that are skipped and what lies beside the roots is not told; what is moved in is`, {
    skip,
  }, async (t) => {
    const dir = place(t, prefer);
    const root = join(dir, "root");
    for (const folder of ["root/skipped/deep", "outside/deep", "root/inner"])
      mkdirSync(join(dir, folder), { recursive: true });
    const { seen, gaps, told } = await watching(t, [root], prefer, [join(root, "skipped")]);
    // Twice: a folder outside is made silent at the first event.
    for (const path of ["root/skipped/a", "root/skipped/deep/a", "outside/a", "outside/deep/a"])
      writeFileSync(join(dir, path), "1");
    await told(join(root, "one"));
    for (const path of ["root/skipped/a", "root/skipped/deep/a", "outside/a", "outside/deep/a"])
      writeFileSync(join(dir, path), "2");
    await told(join(root, "two"));
    assert.deepEqual([...seen.keys()].sort(), [join(root, "one"), join(root, "two")]);
    renameSync(join(dir, "outside"), join(root, "inner", "came"));
    await told(join(root, "three"));
    const came = join(root, "inner", "came");
    await told(join(came, "deep", "new"));
    assert.ok(seen.has(join(came, "deep", "a")) && seen.has(join(came, "a")));
    seen.clear();
    writeFileSync(join(came, "deep", "a"), "3");
    await told(join(came, "deep", "end"));
    assert.ok(seen.has(join(came, "deep", "a")));
    renameSync(join(came, "deep"), join(dir, "out-again"));
    writeFileSync(join(dir, "out-again", "a"), "4");
    await told(join(root, "four"));
    assert.ok(seen.has(join(came, "deep")) && !seen.has(join(dir, "out-again", "a")));
    assert.deepEqual(gaps, []);
  });
}

test("a mount below a root is watched too, and is known to be away once it is unmounted", {
  skip: needs("root"),
}, async (t) => {
  for (const prefer of ["fanotify", "inotify"] as const) {
    const root = place(t, prefer);
    const point = join(root, "mounted");
    mkdirSync(point);
    const { watch, gaps, states, told } = await watching(t, [root], prefer);
    execFileSync("mount", ["-t", "ramfs", "none", point]);
    await watch.check();
    assert.match(gaps.join(), /has other mounts/);
    await told(join(point, "inside"));
    assert.deepEqual(states.get(root)?.away, []);
    execFileSync("umount", ["-l", point]);
    await watch.check();
    assert.match(gaps.join(), /lost the mount/);
    assert.deepEqual(states.get(root)?.away, [point]);
    await told(join(point, "written-meanwhile"));
    await watch.check();
    assert.deepEqual(states.get(root)?.away, [], "its folder is used for something else now");
    await told(join(root, "end"));
  }
});

test("fanotify tells who wrote, and says nothing of a writer that is this program itself", {
  skip: needs("root"),
}, async (t) => {
  const root = place(t, "fanotify");
  const { seen, told } = await watching(t, [root], "fanotify");
  const child = spawnSync("sh", ["-c", `echo x > ${join(root, "by-another")}; exec sleep 0.2`]);
  await told(join(root, "end"));
  assert.equal(seen.get(join(root, "by-another"))?.writer?.pid, child.pid);
  assert.equal(seen.get(join(root, "end"))?.writer, null);
});

test("folder marks of fanotify see the same, where a whole file system cannot be marked", {
  skip: needs("root"),
}, async (t) => {
  const dir = place(t, "fanotify");
  for (const name of ["lower", "upper", "work", "root"]) mkdirSync(join(dir, name));
  const root = join(dir, "root");
  mkdirSync(join(dir, "lower", "deep"));
  const layers = `lowerdir=${join(dir, "lower")},upperdir=${join(dir, "upper")},workdir=${join(dir, "work")}`;
  execFileSync("mount", ["-t", "overlay", "-o", layers, "none", root]);
  const { watch, states, told } = await watching(t, [root], "fanotify");
  assert.equal(watch.kind, "fanotify");
  assert.match(states.get(root)?.reason ?? "", /no file handles/);
  mkdirSync(join(root, "new", "below"), { recursive: true });
  await told(join(root, "new", "below", "file"));
  renameSync(join(root, "new"), join(root, "renamed"));
  await told(join(root, "renamed", "below", "file"));
  await told(join(root, "deep", "file"));
});
