/** The chamber that shares the kernel: its filter, its trace, and a real run in the chamber's own root. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { needs } from "@thymus/testkit";
import type { ChamberResult } from "../chamber.ts";
import { createDecoys, emptyWorld, plainConditions } from "../index.ts";
import { chamberDir as dataDir, sharedChamber } from "../testing/shared.ts";
import { openBwrapChamber } from "./chamber.ts";
import { refused, seccompFilter } from "./seccomp.ts";
import { readStrace } from "./strace.ts";
import { unpackRoot } from "./tree.ts";

const hasStrace = spawnSync("strace", ["--version"], { stdio: "ignore" }).status === 0;
const skip = needs("qemu", "bwrap", "root", "apt") || (hasStrace ? false : "strace is not installed");
let temp: string;
before(
  async () => {
    if (skip) return;
    temp = await mkdtemp(join(tmpdir(), "thymus-bwrap-"));
    await sharedChamber();
    await unpackRoot(dataDir);
  },
  { timeout: 900_000 },
);
after(async () => {
  if (!skip) await rm(temp, { recursive: true, force: true });
});

/** What the filter says to a system call of x86-64, by running its program here. */
function verdict(number: number, argument = 0, architecture = 0xc000003e): number {
  const program = seccompFilter();
  let value = 0;
  for (let at = 0; ; at++) {
    const [code, yes, no, operand] = [
      program.readUInt16LE(at * 8),
      program.readUInt8(at * 8 + 2),
      program.readUInt8(at * 8 + 3),
      program.readUInt32LE(at * 8 + 4),
    ];
    if (code === 0x06) return operand;
    if (code === 0x20) value = operand === 0 ? number : operand === 4 ? architecture : argument;
    else if (code === 0x15) at += value === operand ? yes : no;
    else if (code === 0x35) at += value >= operand ? yes : no;
    else at += (value & operand) !== 0 ? yes : no;
  }
}

test("the filter refuses its list, namespaces by clone, clone3, and every other way of calling", () => {
  for (const [name, number] of Object.entries(refused)) assert.equal(verdict(number), 0x50001, name);
  for (const number of [0, 1, 2, 59, 57, 257]) assert.equal(verdict(number), 0x7fff0000);
  assert.equal(verdict(56, 0x01200011), 0x7fff0000, "a child as libraries make it");
  assert.equal(verdict(56, 0x10000000), 0x50001, "a user namespace");
  assert.equal(verdict(435), 0x50026);
  assert.equal(verdict(0, 0, 0x40000003), 0x80000000, "32-bit calls");
  assert.equal(verdict(0x40000000), 0x80000000, "x32 calls");
});

test("strace's lines become events: only the sample's, resumed calls whole, names unquoted", () => {
  const { events } = readStrace(
    `7 10.0 execve("/usr/bin/bwrap", ["bwrap"], 0x0 /* 1 vars */) = 0
7 11.0 execve("/usr/bin/env", ["env", "x"], 0x0) = 0
7 11.5 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>
7 11.6 <... clone resumed>) = 8
8 11.7 chdir("/tmp") = 0
8 11.8 openat(AT_FDCWD, "a\\"b\\n", O_WRONLY|O_CREAT, 0666) = 3
8 11.9 openat(AT_FDCWD, "none", O_RDONLY) = -1 ENOENT (No such file or directory)
8 12.0 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 ENETUNREACH
8 12.1 exit_group(3) = ?
garbage
`,
    "/home/sam",
  );
  assert.deepEqual(
    events.map(({ t, pid, what, path, detail }) => [t, pid, what, path, detail]),
    [
      [0, 7, "exec", "/usr/bin/env", "env x"],
      [events[1]!.t, 7, "fork", undefined, "child 8"],
      [events[2]!.t, 8, "open-write", '/tmp/a"b\n', undefined],
      [1, 8, "connect", undefined, "192.0.2.1 port 80"],
      [events[4]!.t, 8, "exit", undefined, "status 3"],
    ],
  );
});

async function run(text: string, budgetSeconds = 30): Promise<ChamberResult> {
  const folder = await mkdtemp(join(temp, "run-"));
  await writeFile(join(folder, "sample"), text);
  await mkdir(join(folder, "out"));
  const decoys = await createDecoys({ chamberDir: dataDir, seed: "bwrap", folder: join(folder, "decoys") });
  const result = await (await openBwrapChamber(dataDir)).run({
    sample: { path: join(folder, "sample"), name: "invoice", type: "shell" },
    ...{ decoys, world: emptyWorld, conditions: plainConditions, plan: null, drillPrograms: null },
    ...{ budgetSeconds, outputDir: join(folder, "out") },
  });
  assert.deepEqual(
    (await readdir(join(folder, "out"))).filter((name) => name.startsWith(".")),
    [],
    "the run's own files are gone",
  );
  return result;
}

test("a sample runs among decoys, without network, and every result says what holds it", {
  skip,
}, async () => {
  const result = await run(`#!/bin/bash
echo hello; echo note >note.txt
for file in /srv/* ~/*; do [ -f "$file" ] && head -c 9 "$file" | grep -q '#!/bin/sh' && echo '# inert line' >>"$file"; done
(exec 3<>/dev/tcp/192.0.2.1/80) 2>/dev/null && echo NETWORK
touch /usr/bin/x 2>/dev/null && echo WRITES
unshare -U true 2>/dev/null && echo NAMESPACE
exit 3
`);
  assert.deepEqual([result.chamber.kind, result.chamber.trust], ["bwrap", "shared-kernel"]);
  assert.deepEqual([result.ended, result.exitStatus, result.output], ["exited", 3, "hello\n"]);
  const note = result.dropped.find(({ path }) => path === "/home/sam/Downloads/note.txt");
  assert.equal(await readFile(note!.file, "utf8"), "note\n");
  for (const { after: file } of result.decoys.filter(({ state }) => state === "changed"))
    assert.match(await readFile(file!, "latin1"), /# inert line\n$/);
  assert.ok(result.decoys.every(({ state }) => state !== "missing"));
  assert.ok(result.trace.some(({ what, path }) => what === "open-write" && path?.endsWith("/note.txt")));
  assert.ok(result.trace.some(({ what, detail }) => what === "connect" && detail === "192.0.2.1 port 80"));
});

test("a fork bomb and a sleeper end within the budget", { skip }, async () => {
  for (const text of ["bomb() { bomb | bomb & }; bomb; sleep 30", "sleep 60"]) {
    const { ended, seconds } = await run(`#!/bin/bash\n${text}\n`, 10);
    assert.equal(ended, "timeout");
    assert.ok(seconds < 60);
  }
});
