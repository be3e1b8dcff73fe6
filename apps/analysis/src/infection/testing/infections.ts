import type { Specimen } from "../specimen.ts";
import { codeLike, elfHosts, type Host, LOAD_AT, textHosts } from "./hosts.ts";
import { random } from "./random.ts";

/** Bytes that stand for a body of machine code, and a text that stands for a body of script. Neither does anything. */
export const CODE = codeLike(random(424242), 900);
export const TEXT = Buffer.from(
  [
    "# zq-wander 7f3a",
    "wanderq_list=$(lookq /nowhere/qqz)",
    "for eachq in $wanderq_list; do",
    '  stampq "$eachq" zz-marker-81',
    "done",
    "# zq-end",
  ].join("\n"),
);

type Change = (host: Host, i: number) => Uint8Array;

export function infect(hosts: readonly Host[], change: Change): Specimen[] {
  return hosts.map((host, i) => ({
    path: host.path,
    kind: host.kind,
    type: host.type,
    before: host.bytes,
    after: change(host, i),
  }));
}

const cat = (...parts: (Uint8Array | string)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
};
const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const xor = (bytes: Uint8Array, key: Uint8Array) =>
  Buffer.from(bytes.map((byte, i) => byte ^ key[i % key.length]!));
/** Round 0 is what is learned from; other rounds are hosts that nobody has seen. */
const scripts = (round: number) => textHosts(["shell", "python", "perl"], 5, {}, round);
const shells = (round: number) => textHosts(["shell"], 9, {}, round);
const elf = (round: number) => elfHosts(10, {}, round);
const entryOf = (bytes: Buffer) => Number(bytes.readBigUInt64LE(24));
const withEntry = (bytes: Buffer, entry: number) => {
  const copy = Buffer.from(bytes);
  copy.writeBigUInt64LE(BigInt(entry), 24);
  return copy;
};
const nodeHosts = (round: number): Host[] =>
  textHosts(["node"], 12, { newline: true }, round).map((host, i) => {
    const lead = [
      "#!/usr/bin/env node\n",
      '"use strict";\n',
      'import a from "./a.js";\nimport b from "./b.js";\n',
      "",
    ][i % 4]!;
    return { ...host, bytes: Buffer.from(lead + host.bytes.toString().replace(/^#!.*\n/, "")) };
  });
const afterLead = (bytes: Buffer): number => {
  const text = bytes.toString("latin1");
  return /^(#!.*\n|"use strict";\n|(import .*\n)+)?/.exec(text)![0].length;
};
/** Index of the first program header of a type, as byte offset. */
const headerOf = (bytes: Buffer, type: number, flags?: number): number => {
  const count = bytes.readUInt16LE(56);
  for (let i = 0; i < count; i++) {
    const at = 64 + 56 * i;
    if (bytes.readUInt32LE(at) === type && (flags === undefined || bytes.readUInt32LE(at + 4) === flags))
      return at;
  }
  throw new Error("no such program header");
};

export interface Scenario {
  readonly name: string;
  readonly mechanism: string;
  readonly specimens: (round: number) => Specimen[];
  /** `all`: every file must come back; `none`: must be refused with a reason. */
  readonly repair: "all" | "some" | "none";
  readonly rule: "sound" | "NO_CONSTANT_PART" | "NO_SOUND_RULE";
}

const scenario = (
  name: string,
  mechanism: string,
  specimens: (round: number) => Specimen[],
  repair: Scenario["repair"] = "all",
  rule: Scenario["rule"] = "sound",
): Scenario => ({ name, mechanism, specimens, repair, rule });

export const scenarios: readonly Scenario[] = [
  scenario("text prepended to scripts", "prepend", (round) =>
    infect(scripts(round), (host) => cat("#!/bin/sh\n", TEXT, "\n", host.bytes)),
  ),
  scenario("text appended to scripts with and without final newline", "append", (round) =>
    infect(shells(round), (host) => cat(host.bytes, "\n", TEXT, "\n")),
  ),
  scenario("a program prepended to programs", "prepend", (round) =>
    infect(elf(round), (host) => cat(elfHosts(1)[0]!.bytes.subarray(0, 300), CODE, host.bytes)),
  ),
  scenario("a program prepended to scripts", "prepend", (round) =>
    infect(scripts(round), (host) => cat(elfHosts(1)[0]!.bytes.subarray(0, 300), CODE, host.bytes)),
  ),
  scenario("several hosts of many types", "prepend", (round) => [
    ...infect(elf(round), (host) => cat(elfHosts(1)[0]!.bytes.subarray(0, 300), CODE, host.bytes)),
    ...infect(scripts(round), (host) => cat("#!/bin/sh\n", TEXT, "\n", host.bytes)),
  ]),
  scenario("appended to programs, entry point saved as u64", "append", (round) =>
    infect(elf(round), (host) =>
      cat(
        withEntry(host.bytes, LOAD_AT * 4 + host.bytes.length),
        CODE,
        u64(entryOf(host.bytes)),
        "tail-of-body-qqq",
      ),
    ),
  ),
  scenario("appended to 32-bit programs, entry point saved as u32 minus a base", "append", (round) =>
    infect(elfHosts(10, { wide: false }, round), (host) => {
      const copy = Buffer.from(host.bytes);
      copy.writeUInt32LE(LOAD_AT * 2 + host.bytes.length, 24);
      return cat(copy, CODE.subarray(0, 500), u32(host.bytes.readUInt32LE(24) - LOAD_AT), CODE.subarray(500));
    }),
  ),
  scenario("appended to programs, entry point saved as rel32 of a jump", "append", (round) =>
    infect(elf(round), (host) => {
      const entry = LOAD_AT * 4 + host.bytes.length;
      const jump = entry + 300 + 5;
      return cat(
        withEntry(host.bytes, entry),
        CODE.subarray(0, 300),
        [0xe9] as never,
        u32(entryOf(host.bytes) - jump),
        CODE.subarray(300),
      );
    }),
  ),
  scenario("NOTE turned into LOAD, header and entry point saved", "append", (round) =>
    infect(elf(round), (host) => {
      const copy = withEntry(host.bytes, LOAD_AT * 4 + 0x40);
      const at = headerOf(copy, 4);
      const saved = Buffer.from(copy.subarray(at, at + 56));
      copy.writeUInt32LE(1, at);
      copy.writeUInt32LE(5, at + 4);
      copy.set(
        cat(u64(host.bytes.length), u64(LOAD_AT * 4), u64(LOAD_AT * 4), u64(1000), u64(1000), u64(0x1000)),
        at + 8,
      );
      return cat(copy, CODE, saved, u64(at), u64(entryOf(host.bytes)));
    }),
  ),
  scenario("last segment grown by a constant", "append", (round) =>
    infect(elf(round), (host) => {
      const copy = withEntry(host.bytes, LOAD_AT * 4 + host.bytes.length);
      const at = headerOf(copy, 1, 6);
      for (const field of [32, 40])
        copy.writeBigUInt64LE(copy.readBigUInt64LE(at + field) + 0x1000n, at + field);
      return cat(copy, CODE, u64(entryOf(host.bytes)));
    }),
  ),
  scenario("cavity between the segments, entry point saved", "cavity", (round) =>
    infect(elf(round), (host) => {
      const at = headerOf(host.bytes, 1, 5);
      const end = 0x1000 + Number(host.bytes.readBigUInt64LE(at + 32));
      const copy = withEntry(host.bytes, LOAD_AT + end + 8);
      const body = cat(CODE.subarray(0, 400), u64(entryOf(host.bytes)), CODE.subarray(400, 500));
      copy.set(body, end + 8);
      return copy;
    }),
  ),
  scenario("inserted into modules after what leads them", "insert", (round) =>
    infect(nodeHosts(round), (host) => {
      const at = afterLead(host.bytes);
      return cat(
        host.bytes.subarray(0, at),
        "/* zq */ (function zqWander7f3a(){ return 'inertq-marker-81-qqz'; })();\n",
        host.bytes.subarray(at),
      );
    }),
  ),
  scenario("body encoded with a key that changes", "append", (round) =>
    infect(elf(round), (host, i) => {
      const key = random(i + 5 + 50 * round).bytes(4);
      return cat(
        withEntry(host.bytes, LOAD_AT * 4 + host.bytes.length),
        CODE.subarray(0, 64),
        key,
        u64(entryOf(host.bytes)),
        xor(CODE, key),
      );
    }),
  ),
  scenario("head of the host moved to the end", "prepend", (round) =>
    infect(elf(round), (host) =>
      cat(CODE, host.bytes.subarray(CODE.length), host.bytes.subarray(0, CODE.length)),
    ),
  ),
  scenario("whole host stored as base64 in a script", "encode", (round) =>
    infect(scripts(round), (host) =>
      cat("#!/bin/sh\n", TEXT, "\nkeepq='", host.bytes.toString("base64"), "'\n# zq-last-line-of-it 55aa\n"),
    ),
  ),
  scenario("whole host stored as base64 in lines", "encode", (round) =>
    infect(scripts(round), (host) =>
      cat(
        "#!/bin/sh\n",
        TEXT,
        "\nkeepq='",
        host.bytes.toString("base64").replace(/(.{76})/g, "$1\n"),
        "\n'\n# zq-last 55aa\n",
      ),
    ),
  ),
  scenario("whole host stored as base64 in lines, some of which end full", "encode", (round) =>
    infect(
      scripts(round).map((host, i) =>
        i % 4 === 1
          ? { ...host, bytes: host.bytes.subarray(0, Math.floor(host.bytes.length / 57) * 57) }
          : host,
      ),
      (host) =>
        cat(
          "#!/bin/sh\n",
          TEXT,
          "\nkeepq='",
          host.bytes.toString("base64").replace(/(.{76})/g, "$1\n"),
          "\n'\n# zq-last 55aa\n",
        ),
    ),
  ),
  scenario("scripts of one type with one of two bodies", "append", (round) =>
    infect(shells(round), (host, i) =>
      cat(
        host.bytes,
        i % 2 === 0 ? TEXT : "\n# another qz text that shares nothing 9182\nvar_qz=77 # it ends here zz\n",
      ),
    ),
  ),
  scenario("head of the host xored and moved to the end", "prepend", (round) =>
    infect(elf(round), (host) =>
      cat(
        CODE,
        host.bytes.subarray(CODE.length),
        xor(host.bytes.subarray(0, CODE.length), Buffer.from([0x5a])),
      ),
    ),
  ),
  scenario("whole host stored as hex", "encode", (round) =>
    infect(scripts(round), (host) => cat("#!/bin/sh\n", TEXT, "\nkeepq=", host.bytes.toString("hex"), "\n")),
  ),
  scenario("whole host xored with a key that changes, key in the body", "encode", (round) =>
    infect(elf(round), (host, i) => {
      const key = random(i + 77 + 50 * round).bytes(8);
      return cat(CODE, key, u64(host.bytes.length), xor(host.bytes, key), "trailer-of-the-body-zq");
    }),
  ),
  scenario("name of the host and its size inside the body", "prepend", (round) =>
    infect(scripts(round), (host) =>
      cat(
        "#!/bin/sh\n# zq-name ",
        host.path,
        "\n# size=",
        String(host.bytes.length),
        ";\n",
        TEXT,
        "\n",
        host.bytes,
      ),
    ),
  ),
  scenario("host in the middle, its size in decimal", "mixed", (round) =>
    infect(scripts(round), (host) =>
      cat(
        TEXT,
        "\n# size=",
        String(host.bytes.length),
        ";\n",
        host.bytes,
        "\n# rear part of zq ",
        TEXT.subarray(0, 40).reverse(),
      ),
    ),
  ),
  scenario("two places of a script", "mixed", (round) =>
    infect(scripts(round), (host) => {
      const at = host.bytes.indexOf(0x0a) + 1;
      return cat(
        host.bytes.subarray(0, at),
        "zq_first_call 7f3a-91-inertq-aaaa-bbbb\n",
        host.bytes.subarray(at),
        "\n",
        TEXT,
        "\n",
      );
    }),
  ),
  scenario("hosts that hold parts of the body", "append", (round) =>
    infect(
      shells(round).map((host, i) =>
        i % 2 === 0 ? host : { ...host, bytes: cat(host.bytes, TEXT.subarray(0, 40), host.bytes) },
      ),
      (host) => cat(host.bytes, "\n", TEXT, "\n"),
    ),
  ),
  scenario("some hosts infected twice", "prepend", (round) =>
    infect(scripts(round), (host, i) =>
      cat(...Array.from({ length: i % 4 === 0 ? 2 : 1 }, () => cat(TEXT, "\n")), host.bytes),
    ),
  ),
  scenario("filler of a length that varies before the body", "append", (round) =>
    infect(elf(round), (host, i) =>
      cat(host.bytes, CODE, u64(host.bytes.length), random(i + 50 * round).bytes(i * 7)),
    ),
  ),
  scenario("appended to programs, entry point saved under a constant mask", "append", (round) =>
    infect(elf(round), (host) =>
      cat(
        withEntry(host.bytes, LOAD_AT * 4 + host.bytes.length),
        CODE.subarray(0, 48),
        xor(u64(entryOf(host.bytes)), u64(0x5ac3_a711_96e2_d80fn)),
      ),
    ),
  ),
  scenario("filler and stored size behind programs of two widths, few of one", "append", (round) =>
    infect([...elf(round), ...elfHosts(4, { wide: false }, round)], (host) =>
      cat(
        host.bytes,
        Buffer.alloc((16 - (host.bytes.length % 16)) % 16),
        CODE.subarray(0, 64),
        u64(host.bytes.length),
        CODE.subarray(64, 80),
      ),
    ),
  ),
  scenario("a number of any length near the end of a body inside scripts", "insert", (round) =>
    infect(textHosts(["php"], 6, {}, round), (host, i) => {
      const at = host.bytes.indexOf("<?php\n") + 6;
      return cat(
        host.bytes.subarray(0, at),
        "/* zq wander in a page, inertq marker 81 ",
        String(10 ** (i % 4)),
        " */\n",
        host.bytes.subarray(at),
      );
    }),
  ),
  scenario("first line replaced, the old one kept as short base64", "mixed", (round) =>
    infect(textHosts(["shell", "perl", "python"], 5, {}, round), (host) => {
      const at = host.bytes.indexOf(0x0a);
      return cat(
        "#!/opt/zq/wander -q inertq-marker-81",
        host.bytes.subarray(at),
        "# zq-kept ",
        host.bytes.subarray(0, at).toString("base64"),
        "\n",
      );
    }),
  ),
  scenario(
    "beginning overwritten, host lost",
    "overwrite",
    (round) => infect(elf(round), (host) => cat(CODE, host.bytes.subarray(CODE.length))),
    "none",
  ),
  scenario(
    "nothing constant",
    "append",
    (round) => infect(scripts(round), (host, i) => cat(host.bytes, random(i + 900 + 50 * round).bytes(300))),
    "none",
    "NO_CONSTANT_PART",
  ),
  scenario(
    "constant in half of the files only",
    "append",
    (round) =>
      infect(scripts(round), (host, i) =>
        cat(host.bytes, "\n", i % 2 === 0 ? TEXT : random(i + 900 + 50 * round).bytes(TEXT.length)),
      ),
    "some",
    "NO_SOUND_RULE",
  ),
];
