import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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
