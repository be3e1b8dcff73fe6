import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "@thymus/testkit";
import { foreignPoints, mountsOf, parseMounts } from "./mounts.ts";

const line = (device: string, source: string, point: string, type: string, id = point.length) =>
  `${id} 1 ${device} ${source} ${point} rw,relatime shared:1 - ${type} none rw`;

test("file systems of other machines, of the kernel and second sights are not entered unless somebody names them", () => {
  const mounts = parseMounts(
    [
      line("8:1", "/", "/", "ext4"),
      line("8:2", "/", "/home", "xfs"),
      line("0:50", "/", "/home/share", "nfs4"),
      line("0:51", "/", "/home/phone\\040of\\040ann", "fuse.sshfs"),
      line("0:52", "/", "/home/jail/proc", "proc"),
      line("8:2", "/ann", "/home/jail/ann", "xfs"),
      line("8:2", "/", "/home/ann/loop", "xfs", 7),
      line("8:3", "/data", "/home/data", "ext4"),
      line("8:3", "/data", "/home/data-again", "ext4"),
      line("0:60", "/", "/home/container/merged", "overlay"),
    ].join("\n"),
  );
  const foreign = foreignPoints(["/home"], mounts);
  assert.deepEqual(foreign.sort(), [
    "/home/data-again",
    "/home/jail/ann",
    "/home/jail/proc",
    "/home/phone of ann",
    "/home/share",
  ]);
  assert.ok(!foreignPoints(["/home", "/home/share"], mounts).includes("/home/share"));
  const entered = mountsOf("/home", mounts, () => false).map(({ point }) => point);
  assert.deepEqual(entered, ["/home", "/home/ann/loop", "/home/data", "/home/container/merged"]);
});

test("a real bind mount of a folder into itself is no endless tree", { skip: needs("root") }, () => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-mounts-"));
  const script = join(dir, "look.sh");
  mkdirSync(join(dir, "root/a/again"), { recursive: true });
  writeFileSync(
    script,
    `mount --bind "$1/root" "$1/root/a/again" && cat /proc/self/mountinfo > "$1/mounts"\n`,
  );
  try {
    execFileSync("unshare", ["--mount", "--propagation", "private", "sh", script, dir]);
    const mounts = parseMounts(readFileSync(join(dir, "mounts"), "utf8"));
    assert.deepEqual(foreignPoints([join(dir, "root")], mounts), [join(dir, "root/a/again")]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
