import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { Forks } from "./answerer/forks.ts";
import { type Ask, Guard } from "./guard.ts";
import { privateTmpfs } from "./testing/private-mounts.ts";
import { pause, shell, until } from "./testing/shell.ts";

const skip = needs("root", "fanotify");
const COUNT = 20;
const forks = new Forks();
const { hears } = forks;
forks.close();

/** Twenty documents in two folders, and a decoy; what is asked is written down and refused. */
async function scene(t: TestContext) {
  const mounted = privateTmpfs();
  t.after(() => mounted.remove());
  const docs = `${mounted.path}/docs`;
  mkdirSync(`${docs}/sub`, { recursive: true });
  const paths = Array.from({ length: COUNT }, (_, n) => `${docs}/${n % 2 ? "sub/" : ""}${10 + n}.txt`);
  for (const path of paths) writeFileSync(path, `the text of ${path}\n`);
  const decoy = `${docs}/sub/aaa.txt`;
  writeFileSync(decoy, "a decoy\n");
  const guard = await Guard.start({
    log: {
      ...silentLogger,
      warn: (what, fields) => t.diagnostic(`${what} ${JSON.stringify(fields)}`),
      error: (what, fields) => t.diagnostic(`${what} ${JSON.stringify(fields)}`),
    },
    family: false,
    documents: { folders: [docs], files: 5, decoys: [decoy], deadlineMs: 5000 },
  });
  t.after(() => guard.close());
  const asked: Ask[] = [];
  guard.onAsk = async (ask) => {
    asked.push(ask);
    return "deny";
  };
  await until("both folders", () => guard.counts()?.folders === 2);
  const changed = () => {
    const left = new Set(readdirSync(docs, { recursive: true }).map((name) => `${docs}/${name}`));
    return paths.filter((path) => !left.has(path) || readFileSync(path, "utf8") !== `the text of ${path}\n`);
  };
  return { asked, changed, decoy, docs, guard, paths };
}

const encryptors: Record<string, (list: string) => string> = {
  "writes over each document": (list) =>
    `for f in ${list}; do x=$(tr a-y b-z < $f) && echo "$x" > $f || exit 3; done`,
  "writes a copy and removes the document": (list) =>
    `for f in ${list}; do tr a-y b-z < $f > $f.enc && rm $f || exit 3; done`,
  "renames a copy over the document": (list) =>
    `for f in ${list}; do tr a-y b-z < $f > $f.tmp && mv -f $f.tmp $f || exit 3; done`,
  "leaves each document to a child of a child": (list) =>
    `for f in ${list}; do (sh -c "x=\\$(tr a-y b-z < $f) && echo \\"\\$x\\" > $f") || exit 3; done`,
};

for (const [how, script] of Object.entries(encryptors))
  test(`a program that ${how} gets no sixth one, though each child ends before the next`, {
    skip,
  }, async (t) => {
    const { asked, changed, guard, paths } = await scene(t);
    const { status } = await shell(script(paths.join(" ")));
    if (!hears) {
      // Within a namespace: what ended before anybody looked may be nobody's. That is told, and counted.
      assert.match(guard.notices().join(), /does not tell who started whom/);
      if (status === 0)
        await until("the count", () => (guard.counts()?.strays ?? 0) + (guard.counts()?.changed ?? 0) >= 5);
      return;
    }
    assert.notEqual(status, 0, JSON.stringify([guard.counts(), guard.restarts, asked]));
    assert.equal(asked.length, 1);
    assert.equal(asked[0]!.files.length, 5);
    assert.deepEqual([...asked[0]!.files].sort(), changed().sort());
    assert.ok(!asked[0]!.tree.includes(process.pid), "whoever started the guard is of no tree");
    await until("the count", () => guard.counts()?.strays === 0 && guard.counts()?.changed === 5);
    assert.equal((await shell(`cat ${paths[19]}`)).status, 0, "others are not refused");
  });

test("one touch of a decoy is asked about at once, and what follows is refused until it is released", {
  skip,
}, async (t) => {
  const { asked, decoy, guard, paths } = await scene(t);
  const lines = [
    `echo x > ${decoy}`,
    `cat ${paths[0]} && echo one`,
    "read go",
    `cat ${paths[0]} && echo two`,
  ];
  const child = shell(`{ sleep 1; echo go; } | { ${lines.join("; ")}; }`);
  await until("a question", () => asked.length === 1);
  assert.deepEqual([asked[0]!.decoy, asked[0]!.files], [true, [decoy]]);
  await pause(300);
  guard.release(asked[0]!.key);
  const { stdout } = await child;
  assert.ok(!stdout.includes("one") && stdout.includes("two"));
});

test("new files, own temporary files and a new folder are no changes of documents", { skip }, async (t) => {
  const { asked, docs, guard } = await scene(t);
  const { status } = await shell(
    `mkdir ${docs}/new; sleep 0.2; for n in 1 2 3 4 5 6 7 8 9; do echo $n > ${docs}/new/$n; echo $n > ${docs}/t$n; ` +
      `echo again >> ${docs}/new/$n; mv ${docs}/t$n ${docs}/final-$n; rm ${docs}/new/$n; cat ${docs}/final-$n; done`,
  );
  assert.equal(status, 0);
  await until("a count", () => (guard.counts()?.answered ?? 0) >= 9);
  assert.deepEqual([asked.length, guard.counts()?.changed], [0, 0]);
});
