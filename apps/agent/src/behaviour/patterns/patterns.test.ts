import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { lookAt } from "../content/look.ts";
import type { DocumentChange, Facts, ProcessLook } from "../facts.ts";
import { explain, judge } from "../judgement.ts";

const noise = (length: number, seed = "x") =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
      createHash("sha256").update(`${seed}${at}`).digest(),
    ),
  ).subarray(0, length);
const prose = (length: number) =>
  Buffer.from("The sum of all invoices is paid; nothing is left open. ".repeat(1 + length / 50)).subarray(
    0,
    length,
  );

const nobody: ProcessLook = {
  ...{
    pid: 4000,
    exe: "/usr/bin/python3.11",
    deleted: false,
    replaced: false,
    cmdline: ["python3", "/home/a/x.py"],
  },
  ...{
    uid: 1000,
    parents: ["/usr/bin/bash"],
    terminal: false,
    networkShell: false,
    preload: null,
    cpu: null,
    ports: [],
  },
};
const facts = (some: Partial<Facts>): Facts => ({
  ...{ subject: nobody, tree: [], documents: [], changed: some.documents?.length ?? 0, decoys: [] },
  ...{ infected: [], persistence: [], ...some },
});
const written = (name: string, content: Uint8Array): DocumentChange => ({
  ...{ path: `/home/a/${name}`, fate: "written", before: null, after: lookAt(content) },
});
const created = (name: string, content: Uint8Array): DocumentChange => ({
  ...written(name, content),
  fate: "created",
});
const gone = (name: string): DocumentChange => ({
  path: `/home/a/${name}`,
  fate: "gone",
  before: null,
  after: null,
});
const times = <T>(count: number, make: (at: number) => T | T[]): T[] =>
  Array.from({ length: count }, (_, at) => make(at)).flat() as T[];
const gzip = (at: number) => gzipSync(prose(3000 + at));
const jpeg = (at: number) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), noise(4000, `${at}`)]);
const zip = (at: number) => Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), noise(4000, `${at}`)]);

const harmful: Record<string, Partial<Facts>> = {
  "encryption in place": { documents: times(5, (at) => written(`${at}.txt`, noise(2000, `${at}`))) },
  "encryption of small files in place": {
    documents: times(5, (at) => written(`${at}.csv`, noise(160, `${at}`))),
  },
  "encryption of pictures in place": {
    documents: times(5, (at) => written(`${at}.jpg`, noise(5000, `${at}`))),
  },
  "encryption behind a kept head": {
    documents: times(5, (at) => written(`${at}.txt`, Buffer.concat([prose(4096), noise(30_000, `${at}`)]))),
  },
  "encryption into new files": {
    documents: times(4, (at) => [gone(`${at}.docx`), created(`${at}.docx.locked`, noise(5000, `${at}`))]),
  },
  "encryption by a known tool": {
    documents: times(5, (at) => [
      gone(`${at}.pdf`),
      created(`${at}.pdf.enc`, Buffer.concat([Buffer.from("Salted__"), noise(2000, `${at}`)])),
    ]),
  },
  "a decoy made unreadable": { decoys: [{ path: "/home/a/.x.docx", after: lookAt(noise(900)) }] },
  "programs infected": { infected: ["/opt/a", "/opt/b", "/opt/c"] },
};

for (const [name, some] of Object.entries(harmful))
  test(`${name} is stopped`, () => {
    const judgement = judge(facts(some));
    assert.ok(judgement.destroying && judgement.score >= 0.8, explain(judgement));
  });

const suspect: Record<string, Partial<Facts>> = {
  "a shell on a network connection, from a web server": {
    subject: {
      ...nobody,
      exe: "/usr/bin/bash",
      cmdline: ["bash", "-i"],
      parents: ["/usr/sbin/nginx"],
      networkShell: true,
    },
  },
  "a miner in an open place": {
    subject: {
      ...{ ...nobody, exe: "/tmp/.x/kworker", cmdline: ["kworker", "-o", "stratum+tcp://pool:3333"] },
      ...{ cpu: { share: 0.98, seconds: 300 }, ports: [3333] },
    },
  },
  "a deleted program in an open place that installs itself": {
    subject: { ...nobody, exe: "/dev/shm/x", deleted: true },
    persistence: [{ path: "/etc/ld.so.preload", place: "preloaded libraries" }],
  },
};
for (const [name, some] of Object.entries(suspect))
  test(`${name} is suspect, and not stopped for it`, () => {
    const judgement = judge(facts(some));
    assert.ok(judgement.score >= 0.6, explain(judgement));
    assert.equal(judgement.destroying, false);
    assert.ok(judgement.signs.every(({ what, unless }) => what !== "" && unless !== ""));
  });

const harmless: Record<string, Partial<Facts>> = {
  "sed -i over many files, a decoy among them": {
    documents: times(60, (at) => written(`${at}.txt`, prose(2000 + at))),
    changed: 500,
    decoys: [{ path: "/home/a/.x.txt", after: lookAt(prose(900)) }],
  },
  "gzip -r": {
    documents: times(30, (at) => [gone(`${at}.txt`), created(`${at}.txt.gz`, gzip(at))]),
    changed: 400,
    decoys: [{ path: "/home/a/.x.txt", after: null }],
  },
  "zip of documents that are removed after": {
    documents: [created("all.zip", zip(0)), ...times(40, (at) => gone(`${at}.txt`))],
  },
  "office saves": {
    documents: times(20, (at) => [written(`${at}.docx`, zip(at)), created(`.~lock.${at}.docx#`, prose(60))]),
  },
  "pictures converted": {
    documents: times(40, (at) => [gone(`${at}.png`), created(`${at}.jpg`, jpeg(at))]),
    changed: 80,
  },
  "pictures optimised in place": {
    documents: times(40, (at) => written(`${at}.jpg`, jpeg(at))),
    changed: 80,
  },
  "a backup into a repository of its own form": {
    documents: times(60, (at) => created(`repository/data/${at}`, noise(60_000, `${at}`))),
    changed: 5000,
  },
  "rsync, tar -x, git checkout": {
    documents: times(30, (at) => [
      written(`${at}.md`, prose(900)),
      created(`n${at}.pdf`, Buffer.from("%PDF-1.7")),
    ]),
    changed: 9000,
  },
  "npm install": {
    documents: times(60, (at) => created(`node_modules/${at}.js`, prose(3000))),
    changed: 20_000,
  },
  "git's objects": {
    documents: times(40, (at) =>
      created(`.git/objects/${at}`, Buffer.concat([Buffer.from([0x78, 1]), noise(900)])),
    ),
  },
  "log rotation": {
    documents: times(8, (at) => [
      written(`x.log.${at}`, prose(3000)),
      created(`x.log.${at}.gz`, gzip(at)),
      gone(`y.${at}.log`),
    ]),
  },
  "a database": {
    documents: times(20, (at) => written(`table-${at}.ibd`, noise(16_000, `${at}`))),
    changed: 4000,
  },
  "gpg or age of one file": {
    documents: [
      gone("a.txt"),
      created("a.txt.age", Buffer.concat([Buffer.from("age-encryption.org/v1\n"), noise(999)])),
    ],
  },
  "films and containers of unknown form get other names": {
    documents: [".wmv", ".mpg", ".gpg", ".kdbx", ".img", ".bin"].flatMap((end, at) => [
      gone(`${at}${end}`),
      created(`renamed-${at}${end}`, noise(9000, end)),
    ]),
  },
  "a folder that is cleared away": {
    documents: times(60, (at) => gone(`${at}.docx`)),
    changed: 2000,
    decoys: times(4, (at) => ({ path: `/home/a/.${at}.docx`, after: null })),
  },
  "a package manager that writes a service": {
    subject: { ...nobody, exe: "/usr/bin/dpkg", parents: ["/usr/bin/apt-get"] },
    persistence: [{ path: "/etc/cron.d/e2scrub_all", place: "cron" }],
    changed: 3000,
  },
  "an administrator who edits cron": {
    subject: { ...nobody, exe: "/usr/bin/vim.basic", terminal: true },
    persistence: [{ path: "/etc/cron.d/own", place: "cron" }],
  },
  "a service that runs on after its upgrade": {
    subject: { ...nobody, exe: "/usr/sbin/cron", deleted: true, replaced: true },
  },
  "a container runtime": { subject: { ...nobody, exe: "/memfd:runc_cloned:/proc/self/exe", deleted: true } },
  "a build, an encoder": {
    subject: { ...nobody, exe: "/usr/bin/ffmpeg", cpu: { share: 7.5, seconds: 9000 }, ports: [443] },
  },
  "grep for the name of a pool": {
    subject: { ...nobody, exe: "/usr/bin/grep", cmdline: ["grep", "stratum+tcp://"] },
  },
  "a service that runs a command": {
    subject: {
      ...nobody,
      exe: "/usr/bin/dash",
      cmdline: ["sh", "-c", "convert a b"],
      parents: ["/usr/bin/node"],
    },
  },
  "a preloaded allocator": { subject: { ...nobody, preload: "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2" } },
};
for (const [name, some] of Object.entries(harmless))
  test(`${name} is no suspicion`, () => {
    const judgement = judge(facts(some));
    assert.ok(judgement.score < 0.6, explain(judgement));
  });
