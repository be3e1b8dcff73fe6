/** Archives that were made to hurt who opens them: nothing is thrown, nothing leaves its folder, every limit holds. */
import assert from "node:assert/strict";
import test from "node:test";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { ThymusError } from "@thymus/contracts";
import { Budget, identifyFile, openLimits } from "@thymus/detection";
import fc from "fast-check";
import { pathIsSafe } from "../chamber/run/tar.ts";
import { openAll } from "./archive/open.ts";
import { planSample } from "./plan.ts";
import { arOf, tarEnd, tarMember, tarOf, zipOf } from "./testing/archives.ts";
import { infoZip, infoZipInfected, tarBz2, tarXz } from "./testing/fixtures.ts";

const script = "#!/bin/sh\necho hi\n";
const MIB = 1024 * 1024;
const leftOf = async (bytes: Uint8Array, limits = openLimits) => {
  const opened = await openAll(bytes, "x.bin", new Budget(limits));
  return { opened, left: Object.fromEntries(opened[0]!.tree.left), cut: opened[0]!.tree.cut };
};

/** A zip by hand: local headers as given, and a central directory that may point anywhere. */
function rawZip(
  central: { name: string; at: number }[],
  locals: Buffer,
  packed: Buffer,
  size: number,
  times = 1,
): Buffer {
  const sum = crc32(Buffer.alloc(size));
  const records = central.map(({ name, at }) => {
    const record = Buffer.alloc(46 + name.length);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(20, 6);
    record.writeUInt16LE(8, 10);
    record.writeUInt32LE(sum, 16);
    record.writeUInt32LE(packed.length, 20);
    record.writeUInt32LE(size, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt32LE(at, 42);
    record.write(name, 46);
    return record;
  });
  const once = Buffer.concat(records);
  const directory = Buffer.alloc(once.length * times, once);
  const count = central.length * times;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(locals.length, 16);
  const wide = Buffer.alloc(76);
  if (count >= 0xffff) {
    wide.writeUInt32LE(0x06064b50, 0);
    wide.writeBigUInt64LE(44n, 4);
    wide.writeUInt16LE(45, 14);
    wide.writeBigUInt64LE(BigInt(count), 24);
    wide.writeBigUInt64LE(BigInt(count), 32);
    wide.writeBigUInt64LE(BigInt(directory.length), 40);
    wide.writeBigUInt64LE(BigInt(locals.length), 48);
    wide.writeUInt32LE(0x07064b50, 56);
    wide.writeBigUInt64LE(BigInt(locals.length + directory.length), 64);
    wide.writeUInt32LE(1, 72);
    end.writeUInt32LE(0xffffffff, 12);
    end.writeUInt32LE(0xffffffff, 16);
  }
  return Buffer.concat([locals, directory, ...(count >= 0xffff ? [wide] : []), end]);
}
function local(name: string, packed: Buffer, size: number): Buffer {
  const header = Buffer.alloc(30 + name.length);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(crc32(Buffer.alloc(size)), 14);
  header.writeUInt32LE(packed.length, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  header.write(name, 30);
  return Buffer.concat([header, packed]);
}

test("a member that grows beyond all measure is left out, the program beside it is started", async () => {
  const bomb = await zipOf({ "run.sh": script, "pad.bin": Buffer.alloc(40 * MIB) });
  const { left, opened } = await leftOf(bomb);
  assert.deepEqual(left, { "grow too much": 1 });
  assert.deepEqual([...opened[0]!.tree.files.keys()], ["run.sh"]);
  const planned = await planSample(bomb, "x.zip", "archive");
  assert.ok("plan" in planned && /1 of its members grow too much/.test(planned.describe));
});

test("bombs of one stream end early and are refused", async () => {
  const zeros = gzipSync(Buffer.alloc(64 * MIB));
  const planned = await planSample(zeros, "x.gz", "archive");
  assert.ok(
    "refused" in planned && /grows to more than 250 times/.test(planned.refused),
    JSON.stringify(planned),
  );
  const twice = await planSample(gzipSync(zeros), "x.gz", "archive");
  assert.ok("refused" in twice);
});

test("many archives share one budget", async () => {
  const limits = { ...openLimits, worked: 3 * MIB, kept: 2 * MIB };
  const one = gzipSync(Buffer.alloc(MIB, "some text, "));
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}.gz`, one]));
  const { opened } = await leftOf(tarOf(files), limits);
  const kept = opened
    .flatMap(({ tree }) => [...tree.files.values()])
    .reduce((sum, { content }) => sum + content.length, 0);
  assert.ok(kept <= limits.kept, String(kept));
});

test("names that lead elsewhere, links that lead out and devices are left out and counted", async () => {
  const tar = Buffer.concat([
    tarMember("../up.sh", "0", "", script),
    tarMember("a/../../up.sh", "0", "", script),
    tarMember("/etc/cron.d/x", "0", "", script),
    tarMember("~/x", "0", "", script),
    tarMember("bell\x07.sh", "0", "", script),
    tarMember("etc", "2", "/etc"),
    tarMember("up", "2", "../../.."),
    tarMember("etc/passwd", "0", "", script),
    tarMember("hard", "1", "../../etc/shadow"),
    tarMember("tty", "3"),
    tarMember("pipe", "6"),
    tarMember("good.sh", "0", "", script),
    tarMember("bin/link.sh", "2", "../good.sh"),
    tarEnd,
  ]);
  const { left, opened } = await leftOf(tar);
  assert.deepEqual(left, {
    "lead out of the archive": 2,
    "have an absolute path": 2,
    "have a name with control characters": 1,
    "are links that lead out": 3,
    "are devices or the like": 2,
  });
  assert.deepEqual([...opened[0]!.tree.files.keys()], ["etc/passwd", "good.sh", "bin/link.sh"]);
});

test("names of Windows, twins and names that differ by case", async () => {
  const zip = await zipOf({
    "..\\up.sh": script,
    "C:\\x.sh": script,
    "dir\\run.sh": script,
    "DIR/run.sh": script,
  });
  assert.deepEqual((await leftOf(zip)).left, {
    "lead out of the archive": 1,
    "have an absolute path": 1,
    "differ from others by case alone, and were kept": 1,
  });
  const twins = tarOf({ a: "first" }).subarray(0, 1024);
  const { left, opened } = await leftOf(Buffer.concat([twins, tarOf({ a: script, "a/b": script })]));
  assert.deepEqual(left, { "were replaced by others of the same name": 1, "are in the way of others": 1 });
  assert.equal(Buffer.from(opened[0]!.tree.files.get("a")!.content).toString(), script);
});

test("entries of a zip that share their bytes count once", async () => {
  const packed = deflateRawSync(Buffer.alloc(1000));
  const central = Array.from({ length: 50 }, (_, at) => ({ name: `f${at}`, at: 0 }));
  const { left, opened } = await leftOf(rawZip(central, local("f0", packed, 1000), packed, 1000));
  assert.equal(opened[0]!.tree.files.size + (left.overlap ?? 0), 50);
  assert.ok(left.overlap! >= 49);
});

test("a million entries end at the limit", async () => {
  const packed = deflateRawSync(Buffer.alloc(1));
  const zip = rawZip([{ name: "f", at: 0 }], local("f", packed, 1), packed, 1, 1_000_000);
  assert.match((await leftOf(zip)).cut ?? "", /more than 2000 entries/);
  const tar = gzipSync(Buffer.alloc(50_000 * 512, tarMember("x", "0")), { level: 1 });
  assert.match((await leftOf(tar)).cut ?? "", /more than 2000 entries|grows to more/);
});

const deb = arOf({
  "debian-binary": "2.0\n",
  "control.tar.gz": gzipSync(tarOf({ postinst: script })),
  "data.tar.xz": tarXz,
});
const npm = gzipSync(
  tarOf({
    "package/package.json": '{"name":"a","version":"1.0.0","dependencies":{"b":"^1"}}',
    "package/index.js": "1",
  }),
);
const seeds: [string, Buffer][] = [
  ["x.zip", infoZip],
  ["p.zip", infoZipInfected],
  ["x.tar.bz2", tarBz2],
  ["x.tar.xz", tarXz],
  ["x.tar", tarOf({ "run.sh": script, "b.txt": "words" })],
  ["x.deb", deb],
  ["a.tgz", npm],
];

/** Whatever the bytes are: an answer, or an error of ours; and a plan keeps to the limits. */
async function holds(bytes: Buffer, name: string): Promise<void> {
  const limits = { ...openLimits, seconds: 5 };
  const planned = await planSample(bytes, name, identifyFile(bytes, name), limits).catch((error: unknown) => {
    if (error instanceof ThymusError) return null;
    throw error;
  });
  if (!planned || "refused" in planned || !planned.plan) return;
  const { files, commands, system = [] } = planned.plan;
  assert.ok(commands.length > 0 && commands.length <= 6);
  for (const { path } of files) assert.ok(pathIsSafe(path), path);
  for (const { path } of system) assert.ok(pathIsSafe(path.slice(1)), path);
  const size = [...files, ...system].reduce((sum, { content }) => sum + content.length, 0);
  assert.ok(size <= limits.kept);
}

test("an archive cut anywhere is read as far as it goes", async () => {
  for (const [name, bytes] of seeds)
    for (let end = 0; end < bytes.length; end += 1 + Math.floor(bytes.length / 40))
      await holds(bytes.subarray(0, end), name);
});

test("no change of bytes makes anything else of it", async () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.array(change, { minLength: 1, maxLength: 12 }),
      async ([name, seed], changes) => {
        const bytes = Buffer.from(seed);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        await holds(bytes, name);
      },
    ),
    { numRuns: 400 },
  );
});

test("no bytes at all, of whatever name and type, throw", async () => {
  const start = fc.constantFrom(
    "",
    "PK\x03\x04",
    "\x7fELF\x02\x01\x01",
    "\x7fELF\x01\x02",
    "!<arch>\n",
    "\xed\xab\xee\xdb",
    "#!/usr/bin/env ",
    "[Service]\nExecStart=",
  );
  const name = fc.constantFrom("x", "x.so", "a.tgz", "b.py", "c.whl", "d.tar.gz", "e.rb", "f.node");
  await fc.assert(
    fc.asyncProperty(start, fc.uint8Array({ maxLength: 2000 }), name, (head, tail, called) =>
      holds(Buffer.concat([Buffer.from(head, "latin1"), tail]), called),
    ),
    { numRuns: 500 },
  );
});

test("texts that make patterns slow do not make these slow", async () => {
  const parts = [
    "\n",
    " ",
    "\t",
    "# ",
    "$(",
    "$a",
    'a="',
    "import a ",
    "from a import ",
    "function(",
    "def f(",
    ") -> ",
    ": ",
    "http://",
    "curl x|",
    "-a ",
    "a=b ",
    "* ",
    "ExecStart=",
    "Name: ",
    "a = ",
    "; ",
  ];
  const starts = [
    "",
    "curl ",
    "import os\nimport sys\n",
    "[Service]\n",
    "const a = require('x');\n",
    "#!/usr/bin/env ",
    "* * * * * ",
  ];
  for (const start of starts)
    for (const part of parts)
      await holds(Buffer.from(`${start}${part.repeat(Math.ceil(60_000 / part.length))}x`), "x");
  for (const part of parts) {
    const long = part.repeat(Math.ceil(60_000 / part.length));
    await holds(
      tarOf({
        "x.dist-info/METADATA": `Name: ${long}`,
        "x.dist-info/entry_points.txt": `[console_scripts]${long}`,
      }),
      "x.whl",
    );
    await holds(gzipSync(tarOf({ "x/setup.py": long, "x/PKG-INFO": long })), "x.tar.gz");
  }
});
