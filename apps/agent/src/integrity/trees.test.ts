import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync, linkSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, utimesSync, writeFileSync,
} from "node:fs"; // biome-ignore format: a list
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Config } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { type BaselineDifference, type BaselineOptions, openBaseline } from "../verbs/baseline.ts";

function place(t: TestContext) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-trees-")));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const tree = join(dir, "tree");
  mkdirSync(tree);
  return { dir, tree, dataDir: join(dir, "data") };
}
const config = Config.parse({});

async function differences(dataDir: string, tree: string, options: BaselineOptions = {}) {
  const verbs = await openBaseline({ dataDir, config });
  try {
    const found: BaselineDifference[] = [];
    const summary = await verbs.check([tree], { ...options, onDifference: (one) => found.push(one) });
    assert.equal(summary.differences, found.length);
    const lines = found
      .map(({ path, what, kind, fields }) => `${what} ${kind} ${path.slice(tree.length)} ${fields[0] ?? ""}`)
      .sort();
    return { summary, found, lines };
  } finally {
    await verbs.close();
  }
}

async function create(dataDir: string, tree: string, options: BaselineOptions = {}) {
  const verbs = await openBaseline({ dataDir, config });
  try {
    return await verbs.create([tree], options);
  } finally {
    await verbs.close();
  }
}

/** Everything recorded, without numbers of folders, and without what tells when it was. */
function recorded(dataDir: string): unknown {
  const db = new DatabaseSync(join(dataDir, "agent.db"), { readOnly: true });
  const entries = db.prepare(
    "select path, name, stamp, sha256, program from tree_entry join tree_folder on id = folder order by path, name",
  );
  const programs = db.prepare(
    "select path, size, type, whole, sha256, signature, fingerprint from file order by path",
  );
  const all = { entries: entries.all(), programs: programs.all() };
  db.close();
  return all;
}

test("files, folders, links, devices and names that are no UTF-8: what changed is told as what it is", async (t) => {
  const { tree, dataDir } = place(t);
  const at = (name: string) => join(tree, name);
  mkdirSync(at("folder/deep"), { recursive: true });
  const bytesName = Buffer.concat([Buffer.from(`${tree}/caf`), Buffer.of(0xe9, 0xff)]);
  for (const name of [
    "same",
    "touched",
    "written",
    "mode",
    "gone",
    "folder/deep/below",
    "becomes-folder",
    "b\u00e4r",
  ])
    writeFileSync(at(name), `content of ${name}`);
  writeFileSync(bytesName, "latin");
  writeFileSync(at("tool.sh"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  linkSync(at("tool.sh"), at("tool-again.sh"));
  writeFileSync(at("empty"), "");
  writeFileSync(at("sparse"), "x");
  truncateSync(at("sparse"), 30_000_000);
  execFileSync("mkfifo", [at("fifo")]);
  symlinkSync("same", at("link"));
  symlinkSync("/nowhere", at("dangling"));
  const made = await create(dataDir, tree);
  assert.equal(made.files, 13);
  assert.equal(made.programs, 2);
  assert.equal(made.unreadable + made.vanished + made.changing, 0);
  assert.deepEqual((await differences(dataDir, tree)).lines, []);
  assert.deepEqual((await differences(dataDir, tree, { content: true })).lines, []);

  utimesSync(at("touched"), 1, 1);
  writeFileSync(at("written"), "content of Written");
  writeFileSync(bytesName, "LATIN");
  chmodSync(at("mode"), 0o4755);
  unlinkSync(at("gone"));
  renameSync(at("folder"), at("moved"));
  unlinkSync(at("link"));
  symlinkSync("touched", at("link"));
  unlinkSync(at("fifo"));
  writeFileSync(at("fifo"), "");
  unlinkSync(at("becomes-folder"));
  mkdirSync(at("becomes-folder"));
  writeFileSync(at("becomes-folder/inside"), "");
  const { lines, summary, found } = await differences(dataDir, tree);
  assert.deepEqual(lines, [
    "appeared file /becomes-folder/inside ",
    "appeared file /moved/deep/below ",
    "appeared folder /moved ",
    "appeared folder /moved/deep ",
    "changed file /caf\ufffd\ufffd content",
    "changed file /fifo kind",
    "changed file /mode mode",
    "changed file /written content",
    "changed folder /becomes-folder kind",
    "changed link /link content",
    "gone file /folder/deep/below ",
    "gone file /gone ",
    "gone folder /folder ",
    "gone folder /folder/deep ",
  ]);
  assert.equal(summary.touched, 1);
  const odd = found.find(({ pathBytes }) => pathBytes !== undefined)!;
  assert.deepEqual(Buffer.from(odd.pathBytes!, "base64"), bytesName);

  const verbs = await openBaseline({ dataDir, config });
  assert.equal((await verbs.accept([tree])).differences, 14);
  assert.deepEqual(
    [(await verbs.accept([tree])).differences, (await verbs.check([tree], { content: true })).differences],
    [0, 0],
  );
  await verbs.close();
  const fresh = join(dataDir, "fresh");
  await create(fresh, tree);
  assert.deepEqual(recorded(dataDir), recorded(fresh));
});

test("a second sight of the tree that is mounted in it is not entered, and what was known there is not gone", {
  skip: needs("root"),
}, async (t) => {
  const { tree, dataDir } = place(t);
  for (const name of ["first", "second"]) {
    mkdirSync(join(tree, name));
    writeFileSync(join(tree, name, name), name);
  }
  const bind = () => execFileSync("mount", ["--bind", join(tree, "first"), join(tree, "second")]);
  const unbind = () => execFileSync("umount", ["-l", join(tree, "second")]);
  await create(dataDir, tree);
  bind();
  try {
    assert.deepEqual((await differences(dataDir, tree)).lines, []);
    assert.equal((await create(join(dataDir, "fresh"), tree)).files, 1);
  } finally {
    unbind();
  }
  assert.deepEqual((await differences(dataDir, tree)).lines, []);
});

test("content that changed behind unchanged metadata is found by reading it", async (t) => {
  const { tree, dataDir } = place(t);
  writeFileSync(join(tree, "file"), "as it was");
  await create(dataDir, tree);
  // A raw write to the disk moves no time: here what is known is changed instead of what is there.
  const db = new DatabaseSync(join(dataDir, "agent.db"));
  db.exec("update tree_entry set sha256 = 'another' where name = 'file'");
  db.close();
  assert.deepEqual((await differences(dataDir, tree)).lines, []);
  assert.deepEqual((await differences(dataDir, tree, { content: true })).lines, [
    "changed file /file content",
  ]);
});

test("a folder of many entries is cut into pieces, and a large program is known by its edges", async (t) => {
  const { tree, dataDir } = place(t);
  const many = join(tree, "many");
  mkdirSync(many);
  for (let n = 0; n < 9000; n++)
    writeFileSync(join(many, `f${n}`), n % 10 === 0 ? `#!/bin/sh\n${n}` : `${n}`);
  const large = Buffer.concat([Buffer.from("#!/bin/sh\n"), Buffer.alloc(5 << 20, "# nothing\n")]);
  writeFileSync(join(tree, "large.sh"), large);
  const small = Config.parse({ admin: { maxSampleBytes: 3 << 20 } });
  const verbs = await openBaseline({ dataDir, config: small });
  t.after(() => verbs.close());
  const made = await verbs.create([tree]);
  assert.deepEqual([made.files, made.programs, made.folders], [9001, 901, 2]);
  for (let n = 0; n < 9000; n += 3000) unlinkSync(join(many, `f${n}`));
  writeFileSync(join(many, "zz"), "");
  large[large.length >> 1] = 1;
  writeFileSync(join(tree, "large.sh"), large);
  assert.equal((await verbs.check([tree])).differences, 5);
  assert.equal((await verbs.check([many])).differences, 4);
  rmSync(many, { recursive: true });
  assert.equal((await verbs.accept([tree])).differences, 9002);
  assert.equal((await verbs.check([tree])).differences, 0);
});

test("stopped or killed at any moment and started again, the baseline is the one of an undisturbed making", async (t) => {
  const { tree, dataDir, dir } = place(t);
  for (let folder = 0; folder < 60; folder++) {
    mkdirSync(join(tree, `d${folder}`));
    for (let n = 0; n < 20; n++) {
      const content = n % 4 === 0 ? `#!/bin/sh\n${"echo x\n".repeat(folder * 20)}` : `data ${folder} ${n}`;
      writeFileSync(join(tree, `d${folder}`, `f${n}`), content);
    }
  }
  const whole = join(dir, "whole");
  await create(whole, tree);

  const stop = new AbortController();
  await assert.rejects(
    create(dataDir, tree, { threads: 1, signal: stop.signal, onProgress: () => stop.abort() }),
    { code: "INTERRUPTED" },
  );
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("../testing/baseline-process.ts", import.meta.url)), dataDir, tree],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await ended;
  let resumed = 0;
  const made = await create(dataDir, tree, { onResumed: () => resumed++ });
  assert.equal(resumed, 1);
  assert.ok(made.resumed > 0, "what was recorded before is not read again");
  assert.deepEqual(recorded(dataDir), recorded(whole));
  const again = await create(dataDir, tree, { onResumed: () => resumed++ });
  assert.deepEqual([resumed, again.resumed, again.files], [1, 0, 1200], "a made baseline is made anew");
});

test("a making that goes on tells what it had recorded and what is not so any more, and leaves it", async (t) => {
  const { tree, dataDir } = place(t);
  for (let n = 0; n < 12; n++) writeFileSync(join(tree, `f${String(n).padStart(2, "0")}`), `content ${n}`);
  // What is larger than a step reads at once ends the first one.
  writeFileSync(join(tree, "f06"), Buffer.alloc(1 << 20));
  const stop = new AbortController();
  const first = create(dataDir, tree, { threads: 1, signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(first, { code: "INTERRUPTED" });
  const before = recorded(dataDir) as { entries: { name: string; stamp: string; sha256: string }[] };
  assert.ok(before.entries.length >= 3 && before.entries.length < 13);
  const row = (name: string) => before.entries.find((entry) => entry.name === name);
  writeFileSync(join(tree, "f00"), "another content");
  unlinkSync(join(tree, "f01"));
  utimesSync(join(tree, "f02"), 1, 1);
  const found: BaselineDifference[] = [];
  const made = await create(dataDir, tree, { onDifference: (one) => found.push(one) });
  assert.deepEqual(found.map(({ what, path }) => `${what} ${path.slice(tree.length)}`).sort(), [
    "changed /f00",
    "gone /f01",
  ]);
  assert.deepEqual([made.differences, made.touched], [2, 1]);
  const after = recorded(dataDir) as typeof before;
  for (const name of ["f00", "f01"])
    assert.deepEqual(
      after.entries.find((entry) => entry.name === name),
      row(name),
    );
  const { lines } = await differences(dataDir, tree);
  assert.deepEqual(lines, ["changed file /f00 content", "gone file /f01 "]);
  const again = await create(dataDir, tree, { anew: true });
  assert.equal(again.differences, 0);
  assert.deepEqual((await differences(dataDir, tree)).lines, []);
});
