/** The real chamber: QEMU, the distribution's packages, harmless samples. Builds the chamber where it is missing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import type { FileType } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import type { Chamber, ChamberResult, ChamberRun } from "./chamber.ts";
import { createDecoys, emptyWorld, openChamber, plainConditions } from "./index.ts";
import { chamberDir as dataDir, sharedChamber } from "./testing/shared.ts";

const skip = needs("qemu", "bwrap", "root", "apt");
let chamber: Chamber;
let temp: string;

before(
  async () => {
    if (skip) return;
    temp = await mkdtemp(join(tmpdir(), "thymus-chamber-"));
    await sharedChamber();
    chamber = await openChamber({ dataDir });
  },
  { timeout: 900_000 },
);
after(async () => {
  if (skip) return;
  await chamber?.close();
  await rm(temp, { recursive: true, force: true });
});

let runs = 0;
async function prepare(text: string, type: FileType, options: Partial<ChamberRun> = {}): Promise<ChamberRun> {
  const folder = join(temp, String(runs++));
  await mkdir(join(folder, "out"), { recursive: true });
  await writeFile(join(folder, "sample"), text);
  const decoys = await createDecoys({
    chamberDir: dataDir,
    seed: `test ${runs}`,
    folder: join(folder, "decoys"),
  });
  return {
    sample: { path: join(folder, "sample"), name: "invoice", type },
    decoys,
    world: emptyWorld,
    conditions: plainConditions,
    plan: null,
    drillPrograms: null,
    budgetSeconds: 120,
    outputDir: join(folder, "out"),
    ...options,
  };
}
const run = async (text: string, type: FileType, options?: Partial<ChamberRun>): Promise<ChamberResult> =>
  chamber.run(await prepare(text, type, options));

test("a harmless shell sample prints, drops a file and ends; nothing else changed", { skip }, async () => {
  const input = await prepare("#!/bin/sh\necho hello\necho note >note.txt\nexit 3\n", "shell");
  const result = await chamber.run(input);
  assert.deepEqual([result.ended, result.exitStatus, result.output], ["exited", 3, "hello\n"]);
  assert.deepEqual(
    result.dropped.map((file) => [file.path, file.size, file.type]),
    [["/home/sam/Downloads/note.txt", 5, "text"]],
  );
  assert.equal(await readFile(result.dropped[0]!.file, "utf8"), "note\n");
  assert.ok(result.decoys.every((outcome) => outcome.state === "unchanged"));
  assert.equal(result.trace[0]?.what, "exec");
  assert.ok(
    result.trace.some(
      (event) => event.what === "open-write" && event.path === "/home/sam/Downloads/note.txt",
    ),
  );
  assert.deepEqual(await readdir(input.outputDir), ["dropped"], "the run's own files are gone");
});

test("a sample that appends to scripts, deletes and renames is seen, decoy for decoy", { skip }, async () => {
  const sample = `import os, glob
paths = [p for d in ("/srv", "/usr/local/bin", os.path.expanduser("~"), "/opt/tools", "/") for p in glob.glob(d + "/*") if os.path.isfile(p)]
first = True
for path in paths:
    with open(path, "rb") as f: head = f.read(20)
    if head.startswith((b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash")):
        with open(path, "ab") as f: f.write(b"\\n# inert line\\n")
    elif head.startswith(b"\\x7fELF") and first:
        os.unlink(path); first = False
`;
  const result = await run(sample, "python");
  assert.equal(result.exitStatus, 0, result.output);
  const changed = result.decoys.filter((outcome) => outcome.state === "changed");
  assert.ok(changed.length > 0);
  for (const { decoy, after: file } of changed) {
    assert.equal(decoy.type, "shell");
    assert.match(await readFile(file!, "latin1"), /\n# inert line\n$/);
  }
  assert.equal(result.decoys.filter((outcome) => outcome.state === "missing").length, 1);
  assert.ok(result.trace.some((event) => event.what === "unlink"));
});

test("an endless sample ends as timeout, within the budget", { skip }, async () => {
  const result = await run("#!/bin/sh\nwhile :; do :; done\n", "shell", { budgetSeconds: 30 });
  assert.deepEqual([result.ended, result.exitStatus], ["timeout", null]);
});

test("floods of output, files and processes stay bounded", { skip }, async () => {
  const flood = `#!/bin/sh
yes thymus | head -c 3000000
head -c 300000000 /dev/zero >big
i=0; while [ $i -lt 300 ]; do : >"f$i"; i=$((i + 1)); done
bomb() { bomb | bomb & }
bomb
`;
  const result = await run(flood, "shell", { budgetSeconds: 60 });
  assert.notEqual(result.ended, "host-timeout");
  assert.equal(result.output.length, 65_536);
  assert.ok(result.dropped.length <= 2000);
});

test("the sample has no network but the desk's own, no disk, no way to root, and runs share nothing", {
  skip,
}, async () => {
  const probe = `#!/bin/bash
id -u
ls /sys/class/net
(exec 3<>/dev/tcp/192.0.2.1/80 && echo hello >&3 && head -1 <&3) 2>/dev/null
for disk in /dev/vd*; do [ -e "$disk" ] && echo "DISK $disk"; done
su -c id </dev/null 2>/dev/null && echo ROOT
grep NoNewPrivs /proc/self/status
[ -e /run/thymus-drill ] && echo DRILL
[ -e /tmp/mark ] && echo SHARED
echo x >/tmp/mark
head -c 16 /dev/urandom | od -An -tx1
`;
  const [one, two] = [await run(probe, "shell"), await run(probe, "shell")];
  for (const result of [one, two]) {
    assert.match(result.output, /^1000\neth0\nlo\nok\nNoNewPrivs:\t1\n [0-9a-f ]+\n$/);
    assert.ok(
      result.trace.some(
        (event) => event.what === "connect" && /192\.0\.2\.1 port 80/.test(event.detail ?? ""),
      ),
    );
  }
  for (const { network } of [one, two])
    assert.deepEqual(
      network.map((exchange) => [exchange.protocol, exchange.address, exchange.port, exchange.excerpt]),
      [["tcp", "192.0.2.1", 80, "hello\n"]],
    );
  assert.notEqual(one.output.slice(-50), two.output.slice(-50), "each run draws its own random numbers");
});

test("a drill finds its folder, and spreading ends", { skip }, async () => {
  const programs = join(temp, "programs");
  await mkdir(programs);
  await writeFile(
    join(programs, "again"),
    "#!/bin/sh\necho again >>~/count\n/run/thymus-drill/spread again\n",
  );
  const sample = "#!/bin/sh\n[ -x /run/thymus-drill/spread ] || exit 77\n/run/thymus-drill/spread again\n";
  const result = await run(sample, "shell", { drillPrograms: programs });
  assert.equal(result.exitStatus, 0);
  const count = result.dropped.find((file) => file.path === "/home/sam/count");
  assert.equal(await readFile(count!.file, "utf8"), "again\n".repeat(3));
});

test("a run that is aborted leaves nothing behind", { skip }, async () => {
  const input = await prepare("#!/bin/sh\nsleep 60\n", "shell");
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 1500);
  await assert.rejects(chamber.run({ ...input, signal: stop.signal }), { code: "INTERRUPTED" });
  assert.deepEqual(await readdir(input.outputDir), []);
});

test("it works inside a sandbox without network and capabilities", { skip }, async () => {
  const folder = join(temp, "nested");
  await mkdir(folder);
  await writeFile(join(folder, "sample"), "#!/bin/sh\necho nested\n");
  const code = `import { openChamber } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
    import { emptyWorld, plainConditions } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
    const chamber = await openChamber({ dataDir: ${JSON.stringify(dataDir)} });
    const result = await chamber.run({ sample: { path: ${JSON.stringify(join(folder, "sample"))}, name: "x", type: "shell" },
      decoys: { seed: "", folder: "", decoys: [] }, world: emptyWorld, conditions: plainConditions, plan: null, drillPrograms: null, budgetSeconds: 60, outputDir: ${JSON.stringify(folder)} });
    console.log(chamber.holder, result.output);`;
  const outer =
    "--unshare-all --uid 65534 --gid 65534 --cap-drop ALL --ro-bind / / --proc /proc --dev /dev".split(" ");
  const node = [process.execPath, "--no-warnings", "--input-type=module", "-e", code];
  const ended = spawnSync("bwrap", [...outer, "--bind", folder, folder, ...node], { encoding: "utf8" });
  assert.equal(ended.stdout, "own nested\n\n", ended.stderr);
});

test("a folder without a chamber is told as such", async () => {
  await assert.rejects(openChamber({ dataDir: "/nonexistent" }), { code: "CHAMBER_NOT_BUILT" });
});
