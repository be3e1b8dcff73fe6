import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "@thymus/testkit";
import { FileSystemSource } from "./fanotify/file-system.ts";
import { inotifySource } from "./inotify/folders.ts";
import type { EventSource, Sink } from "./source.ts";
import { Territory } from "./territory.ts";

/** Reads everything that waits. */
function drain(source: EventSource): { seen: Set<string>; lost: number } {
  const seen = new Set<string>();
  let lost = 0;
  const sink: Sink = {
    changed: (_, path) => seen.add(path),
    lost: () => lost++,
    blind: (_, folder, error) => assert.fail(`${folder}: ${error.message}`),
  };
  while (source.step(sink)) {}
  return { seen, lost };
}

/** In memory, where there is such a file system: the burst must be quick. */
const quick = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const limit = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));

test("a full queue of the kernel is told, and folders made meanwhile are watched from then on", {
  skip: limit > 20_000 && `the kernel's queue takes ${limit} events here`,
}, (t) => {
  const root = realpathSync(mkdtempSync(join(quick, "thymus-overflow-")));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const source = inotifySource(new Territory([root], []));
  t.after(() => source.close());
  source.open(root);
  for (let index = 0; index < limit / 2; index++) writeFileSync(join(root, `f${index % 500}`), String(index));
  const made = join(root, "made", "meanwhile");
  mkdirSync(made, { recursive: true });
  assert.equal(drain(source).lost, 1);
  writeFileSync(join(made, "later"), "");
  assert.ok(drain(source).seen.has(join(made, "later")));
});

test("fanotify loses nothing of the same burst", { skip: needs("root") }, (t) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-overflow-")));
  execFileSync("mount", ["-t", "tmpfs", "none", root]);
  t.after(() => {
    execFileSync("umount", ["-l", root]);
    rmSync(root, { recursive: true, force: true });
  });
  const source = new FileSystemSource(new Territory([root], []), () => [root]);
  t.after(() => source.close());
  source.open(root);
  const truth: string[] = [];
  for (let index = 0; index < limit / 2; index++) {
    const path = join(root, `f${index % 5000}`);
    writeFileSync(path, String(index));
    truth.push(path);
  }
  const { seen, lost } = drain(source);
  assert.equal(lost, 0);
  assert.deepEqual(
    truth.filter((path) => !seen.has(path)),
    [],
  );
});
