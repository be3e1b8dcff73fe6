/** What the confined process is for the machine around it, whatever it says of itself. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Layer, missingLayers } from "./layers.ts";

const PROJECT = fileURLToPath(new URL("../../../..", import.meta.url));
const SOMEBODY = 1234;

interface Around {
  /** Starts it as this user. */
  readonly uid?: number;
  /** In a user namespace that knows all users, in which no further one can be made. */
  readonly noUserNamespaces?: true;
  /** Without this capability. */
  readonly without?: string;
}

/** The beginning of a command that enters a user namespace which knows all users, and in which no further one can be made. */
async function withoutUserNamespaces(t: TestContext): Promise<string[]> {
  const holder = spawn("unshare", ["--user", "sh", "-c", "echo && read -r end"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => holder.once("close", resolve));
  t.after(async () => {
    holder.stdin.end();
    await ended;
  });
  await once(holder.stdout, "data");
  for (const ids of ["uid_map", "gid_map"]) writeFileSync(`/proc/${holder.pid}/${ids}`, "0 0 65536");
  const none = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"';
  return ["nsenter", `--user=/proc/${holder.pid}/ns/user`, "sh", "-c", none, "sh"];
}

/** The project is seen below another folder, as others may not enter that of its owner. */
async function started(t: TestContext, { noUserNamespaces, uid, without }: Around) {
  const seen = mkdtempSync(join(tmpdir(), "thymus-outside-"));
  t.after(() => rmSync(seen, { recursive: true }));
  chmodSync(seen, 0o755);
  const there = (path: string) => {
    const inside = relative(PROJECT, path);
    return inside.startsWith("..") ? path : join(seen, inside);
  };
  const program = fileURLToPath(new URL("testing/held-process.ts", import.meta.url));
  const as = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const bounds = without === undefined ? [] : [`--bounding-set=-${without}`];
  const run = ["setpriv", ...as, ...bounds, there(process.execPath), "--no-warnings", there(program)];
  const bind = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const inner = noUserNamespaces ? await withoutUserNamespaces(t) : [];
  const child = spawn("unshare", ["--mount", "sh", "-c", bind, "sh", PROJECT, seen, ...inner, ...run], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH },
    cwd: "/",
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.stdin.end();
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { done, value } = await lines.next();
  assert.ok(!done, "it did not start");
  const { layers, pid } = JSON.parse(value) as { layers: Layer[]; pid: number };
  assert.notEqual(pid, child.pid);
  const status = Object.fromEntries(
    readFileSync(`/proc/${pid}/status`, "utf8")
      .split("\n")
      .map((line) => line.split(":\t") as [string, string]),
  );
  // Each of: real, effective, saved, and that of the file system.
  const four = (text = "") => [...new Set(text.trim().split(/\s+/).map(Number))];
  const ns = (of: number | "self", kind: string) => readlinkSync(`/proc/${of}/ns/${kind}`);
  return {
    layers,
    missing: missingLayers(layers),
    uid: four(status.Uid),
    gid: four(status.Gid),
    groups: status.Groups?.trim(),
    capabilities: [status.CapPrm, status.CapEff, status.CapAmb].map((text) => Number(`0x${text?.trim()}`)),
    filtered: [status.NoNewPrivs, status.Seccomp].map((text) => text?.trim()),
    apart: ["pid", "net", "mnt"].filter((kind) => ns(pid, kind) !== ns("self", kind)),
  };
}

const NOBODY = {
  ...{ uid: [65_534], gid: [65_534], groups: "", capabilities: [0, 0, 0] },
  ...{ filtered: ["1", "2"] },
};
const isRoot = process.getuid?.() === 0 && existsSync("/usr/bin/bwrap");
const skip = isRoot || process.env.CI ? false : "needs root and bwrap on this machine";

test("as root: nobody outside, too, without a capability, in namespaces of its own", { skip }, async (t) => {
  const { apart, layers, missing, ...is } = await started(t, {});
  assert.deepEqual(is, NOBODY);
  assert.deepEqual(missing, [], `${layers}`);
  assert.deepEqual(apart, ["pid", "net", "mnt"]);
});

test("as root where no user namespace can be made: the same", { skip }, async (t) => {
  const { apart, layers, missing, ...is } = await started(t, { noUserNamespaces: true });
  assert.deepEqual(is, NOBODY);
  assert.deepEqual(missing, [], `${layers}`);
  assert.deepEqual(apart, ["pid", "net", "mnt"]);
});

test("as root without the right to make namespaces: nobody, and what is missing is told", {
  skip,
}, async (t) => {
  const { apart, layers, missing, ...is } = await started(t, { without: "sys_admin" });
  assert.deepEqual(is, NOBODY);
  assert.equal(missing.length, 1, `${layers}`);
  assert.match(missing[0]!, /shares the machine's namespaces/);
  // That of the mounts is the test's own.
  assert.deepEqual(apart, ["mnt"]);
});

test("as root that may not become another user: told, and held by the rest", { skip }, async (t) => {
  const { layers, missing, uid } = await started(t, { without: "setuid" });
  assert.deepEqual(uid, [0]);
  assert.match(missing.join(), /keeps root's user id/);
  assert.ok(layers.includes("seccomp"));
});

test("as an ordinary user: this user outside, in namespaces of its own", { skip }, async (t) => {
  const { apart, capabilities, filtered, missing, uid } = await started(t, { uid: SOMEBODY });
  assert.deepEqual(uid, [SOMEBODY]);
  assert.deepEqual(missing, []);
  assert.deepEqual({ capabilities, filtered }, { capabilities: [0, 0, 0], filtered: ["1", "2"] });
  assert.deepEqual(apart, ["pid", "net", "mnt"]);
});

test("as an ordinary user where no user namespace can be made: told", { skip }, async (t) => {
  const { capabilities, filtered, missing, uid } = await started(t, {
    ...{ uid: SOMEBODY, noUserNamespaces: true },
  });
  assert.deepEqual(uid, [SOMEBODY]);
  assert.deepEqual({ capabilities, filtered }, { capabilities: [0, 0, 0], filtered: ["1", "2"] });
  assert.equal(missing.length, 1);
  assert.match(missing[0]!, /namespaces/);
});
