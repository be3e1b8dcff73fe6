import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, open, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ErrorCode } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { takeSample } from "./sample.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thymus-sample-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const refused = (folder: string, name: string, code: ErrorCode) =>
  assert.rejects(takeSample(join(folder, name), join(folder, "copy")), { code });

test("a sample is copied as it is and cannot run", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "program"), "#!/bin/sh\n", { mode: 0o755 });
    assert.equal((await takeSample(join(folder, "program"), join(folder, "copy"))).size, 10);
    assert.equal(await readFile(join(folder, "copy"), "utf8"), "#!/bin/sh\n");
    assert.equal((await stat(join(folder, "copy"))).mode & 0o777, 0o400);
  }));

test("what is no sample is refused with its code, at once, and nothing is left behind", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "empty"), "");
    await mkdir(join(folder, "directory"));
    execFileSync("mkfifo", [join(folder, "fifo")]);
    await symlink("/etc/hostname", join(folder, "link"));
    const huge = await open(join(folder, "huge"), "w");
    await huge.truncate(1024 ** 3);
    await huge.close();
    await refused(folder, "empty", "EMPTY");
    await refused(folder, "directory", "NOT_A_FILE");
    await refused(folder, "fifo", "NOT_A_FILE");
    await refused(folder, "link", "NOT_A_FILE");
    await refused(folder, "huge", "TOO_LARGE");
    await refused(folder, "absent", "NOT_FOUND");
    assert.equal(existsSync(join(folder, "copy")), false);
  }));

test("what this user may not read is refused as UNREADABLE", { skip: needs("root") }, () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "secret"), "x", { mode: 0o000 });
    // Root reads everything: ask as an ordinary user.
    await chmod(folder, 0o711);
    process.seteuid!(65534);
    try {
      await refused(folder, "secret", "UNREADABLE");
    } finally {
      process.seteuid!(0);
    }
  }),
);
