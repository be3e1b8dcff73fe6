import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { ChamberResult } from "../chamber/chamber.ts";
import { entropy } from "../infection/bytes.ts";
import { hostShare, unwrapped } from "./content/bytes.ts";
import { type ChangedDecoy, gatherFacts, matchRenamed } from "./facts.ts";
import { describeBehaviour, judge } from "./verdict.ts";

const host = (size: number, salt: string): Buffer =>
  Buffer.from(
    `#!/bin/sh\n${Array.from({ length: size }, (_, i) => `echo "${salt} line ${i * 7919}"\n`).join("")}`,
  );

function run(
  changed: ChangedDecoy[],
  more: Partial<ChamberResult> = {},
  renamed = new Map<string, Uint8Array>(),
) {
  const result = {
    ended: "exited",
    exitStatus: 0,
    decoys: Array.from({ length: 45 }),
    dropped: [],
    trace: [],
    network: [],
    published: [],
    traceLost: 0,
    networkLost: 0,
    ...more,
  } as unknown as ChamberResult;
  const facts = gatherFacts(result, changed, renamed);
  return { facts, ...judge(facts) };
}
const hosts = Array.from({ length: 5 }, (_, i) => host(40 + i, `host ${i}`));
const decoys = (
  after: (before: Buffer) => Buffer | null,
  type: ChangedDecoy["type"] = "shell",
): ChangedDecoy[] =>
  hosts.map((before, i) => ({ path: `/home/user/d${i}`, type, before, after: after(before) }));

test("programs that still hold their host were infected", () => {
  const { verdict, facts } = run(
    decoys((before) => Buffer.concat([Buffer.from("#!/bin/sh\n: body\n"), before])),
  );
  assert.equal(verdict, "infector");
  assert.deepEqual(
    describeBehaviour(facts, verdict).map((b) => b.technique),
    ["T1554"],
  );
});

test("random bytes in place of content are ransomware, renamed or not, programs or documents", () => {
  assert.equal(run(decoys((before) => randomBytes(before.length))).verdict, "ransomware");
  assert.equal(run(decoys((before) => randomBytes(before.length), "text")).verdict, "ransomware");
  const gone = decoys(() => null, "text");
  const renamed = new Map(gone.map((decoy) => [decoy.path, randomBytes(decoy.before.length) as Uint8Array]));
  assert.equal(run(gone, {}, renamed).verdict, "ransomware");
});

test("emptied or deleted decoys are a wiper's work, a rename alone is not", () => {
  assert.equal(run(decoys((before) => Buffer.alloc(before.length))).verdict, "wiper");
  assert.equal(run(decoys(() => null)).verdict, "wiper");
  const gone = decoys(() => null);
  assert.notEqual(run(gone, {}, new Map(gone.map((decoy) => [decoy.path, decoy.before]))).verdict, "wiper");
});

test("untouched decoys are harmless, unless the sample could not run or never ended", () => {
  assert.equal(run([]).verdict, "harmless");
  assert.equal(run([], { exitStatus: 3 }).verdict, "harmless");
  assert.equal(run([], { exitStatus: 126 }).verdict, "unknown");
  assert.equal(run([], { exitStatus: 139 }).verdict, "unknown");
  assert.equal(run([], { ended: "timeout", exitStatus: null }).verdict, "unknown");
});

test("a formatter that keeps every host and touches documents only is not called an infector", () => {
  assert.equal(
    run(decoys((before) => Buffer.concat([before, Buffer.from("\n")]), "text")).verdict,
    "unknown",
  );
});

test("the same content in several documents is an infection of documents", () => {
  const tail = Buffer.from("\n-- \nthe bookworm has read this page from end to end\n");
  const { verdict, facts } = run(decoys((before) => Buffer.concat([before, tail]), "text"));
  assert.equal(verdict, "infector");
  assert.equal(facts.documentsAlike, 5);
  assert.deepEqual(
    describeBehaviour(facts, verdict).map((b) => b.technique),
    ["T1565.001"],
  );
});

test("encrypted content that was written as text is ransomware all the same", () => {
  for (const encoding of ["base64", "hex"] as const) {
    const gone = decoys(() => null);
    const renamed = new Map(
      gone.map(({ path, before }) => [
        path,
        Buffer.from(randomBytes(before.length).toString(encoding)) as Uint8Array,
      ]),
    );
    assert.equal(run(gone, {}, renamed).verdict, "ransomware");
  }
  assert.deepEqual(unwrapped(hosts[0]!), hosts[0]);
});

test("new names alone are neither damage nor infection", () => {
  const gone = decoys(() => null);
  const { verdict, why } = run(gone, {}, new Map(gone.map((decoy) => [decoy.path, decoy.before])));
  assert.equal(verdict, "unknown");
  assert.match(why, /5 decoys have new names/);
});

test("what has something started again, nobody knows what, is for a person to look at", () => {
  const dropped = ["/home/sam/.config/autostart/x.desktop", "/home/sam/.local/bin/x"].map((path) => ({
    path,
  })) as unknown as ChamberResult["dropped"];
  const { verdict, facts } = run([], { dropped });
  assert.equal(verdict, "unknown");
  assert.deepEqual(
    describeBehaviour(facts, verdict).map((b) => b.technique),
    ["T1547.013"],
  );
  assert.equal(run([], { dropped: dropped.slice(1) }).verdict, "harmless");
});

test("a crash is said to be one", () => {
  assert.match(run([], { exitStatus: 139 }).why, /ended by signal 11/);
});

test("sockets of the machine itself are not the network", () => {
  const connect = (detail: string) => ({ t: 1, pid: 5, comm: "x", what: "connect", detail }) as const;
  const local = ["unix /run/log", "family 16", "inet 127.0.0.1 port 80"].map(connect);
  assert.deepEqual(describeBehaviour(run([], { trace: local }).facts, "harmless"), []);
  const outward = [...local, connect("inet 192.0.2.7 port 80")];
  const [seen] = describeBehaviour(run([], { trace: outward }).facts, "harmless");
  assert.deepEqual([seen?.technique, seen?.evidence.slice(0, 9)], ["T1071", "tried to "]);
});

test("entropy, host share and the heir of a renamed file", () => {
  assert.equal(entropy(Buffer.alloc(100)), 0);
  assert.ok(entropy(randomBytes(65536)) > 7.9);
  assert.equal(hostShare(hosts[0]!, hosts[0]!), 1);
  assert.ok(hostShare(hosts[0]!, randomBytes(5000)) < 0.1);
  const heirs = matchRenamed(["/a/b.txt", "/a/c"], [{ path: "/a/b.txt.locked" }, { path: "/x/c.locked" }]);
  assert.deepEqual([...heirs], [["/a/b.txt", "/a/b.txt.locked"]]);
});
