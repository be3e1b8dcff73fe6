/** Host programs for the tests: several of each kind, each with a command that shows that it still works. */
import { readFileSync } from "node:fs";
import { type Den, has } from "./den.ts";

export interface Host {
  /** Path below the den's area, and inside. */
  readonly path: string;
  readonly inside: string;
  readonly kind: "shell" | "python" | "cjs" | "esm" | "perl" | "php" | "elf64" | "document";
  /** How it is run; null for what cannot run. */
  readonly command: readonly string[] | null;
}

const INSIDE: Record<string, string> = {
  home: "/home/user",
  bin: "/usr/local/bin",
  opt: "/opt",
  srv: "/srv",
  root: "",
};

const scripts: [path: string, kind: Host["kind"], content: string][] = [
  [
    "home/bin/hello",
    "shell",
    '#!/bin/sh\n# Greets.\necho "hello $1"\nread -r line && echo "$line"\ncase $1 in b) false ;; esac\n',
  ],
  [
    "bin/strict",
    "shell",
    '#!/usr/bin/env bash\nset -euo pipefail\nparts=(one two)\n[[ $1 == b ]] && echo "$parts $#"\n',
  ],
  ["srv/plain", "shell", "#!/bin/sh\nprintf '%s\\n' here"],
  ["root/at-root", "shell", "#!/bin/bash\necho at the root\n"],
  [
    "home/work/report.py",
    "python",
    '#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n"""Reports \u00fcber all."""\nfrom __future__ import annotations\n\nimport sys\n\n\n@staticmethod\ndef main(x: list[str]) -> None:\n    print(__doc__, len(x))\n\n\nmain.__func__(sys.argv)\n',
  ],
  ["opt/tools/sum", "python", "#!/usr/bin/python3\nprint(sum(range(5)))"],
  [
    "home/work/old.js",
    "cjs",
    '#!/usr/bin/env node\n"use strict";\nconst p = require("node:path");\nconsole.log(p.basename("/a/b"), process.argv.length);\n',
  ],
  [
    "home/work/tool.cjs",
    "cjs",
    '/* A tool.\n * For tests. */\nmodule.exports = 1;\n(() => console.log("tool"))();\n',
  ],
  [
    "opt/app/main.mjs",
    "esm",
    '// Entry.\nimport { basename } from "node:path";\nimport {\n  join,\n  sep,\n} from "node:path"\n\nexport const a = join("a", "b");\nconsole.log(a, sep, basename(a));\n',
  ],
  ["opt/app/bare.js", "esm", 'console.log("bare", typeof require);\n'],
  ["bin/perlish", "perl", '#!/usr/bin/perl\nuse strict;\nprint "perl $0\\n";\n'],
  [
    "srv/www/index.php",
    "php",
    "<?php\n// Start.\ndeclare(strict_types=1);\n\nnamespace App;\n\nuse DateTime;\necho __NAMESPACE__, PHP_EOL;\n",
  ],
  ["srv/www/plain.php", "php", "#!/usr/bin/env php\n<?php\necho 1 + 1, PHP_EOL;\n"],
];
const documents: [string, string | Uint8Array][] = [
  ["home/Documents/letter.txt", "Dear all,\nthe meeting is on Monday.\n"],
  ["home/Documents/prices.csv", "article,price\n".repeat(40_000)],
  ["home/Documents/odd.bin", new Uint8Array([0, 1, 2, 3])],
  ["opt/app/package.json", '{ "type": "module" }\n'],
];

/** A static program without position independence: writes its first argument's first byte, exits 7. */
export function smallStatic(): Uint8Array {
  const code = "488b742410bf01000000ba01000000b8010000000f05bf07000000b83c0000000f05";
  const note = "040000000400000001000000474e550000000000";
  const body = Buffer.from(code + note, "hex");
  const at = 64 + 3 * 56;
  const elf = Buffer.alloc(at + body.length);
  elf.set(Buffer.from("7f454c46020101", "hex"));
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(62, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(BigInt(0x400000 + at), 24);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(3, 56);
  const header = (
    slot: number,
    type: number,
    flags: number,
    offset: number,
    size: number,
    address: number,
  ) => {
    const base = 64 + 56 * slot;
    elf.writeUInt32LE(type, base);
    elf.writeUInt32LE(flags, base + 4);
    const fields = [offset, address, address, size, size, type === 1 ? 4096 : 4];
    for (const [i, field] of fields.entries()) elf.writeBigUInt64LE(BigInt(field), base + 8 + 8 * i);
  };
  const codeSize = code.length / 2;
  header(0, 1, 5, 0, elf.length, 0x400000);
  header(1, 4, 4, at + codeSize, note.length / 2, 0x400000 + at + codeSize);
  header(2, 0x6474e551, 6, 0, 0, 0);
  elf.set(body, at);
  return elf;
}

/** Fills the den. Programs that this machine lacks (busybox, PHP) are left out. */
export function settle(den: Den): Host[] {
  const hosts: Host[] = [];
  const add = (
    path: string,
    kind: Host["kind"],
    content: string | Uint8Array,
    arguments_: string[] | null,
  ) => {
    den.put(path, content, kind === "document" ? 0o644 : 0o755);
    const [top = "", ...rest] = path.split("/");
    const inside = `${INSIDE[top]}/${rest.join("/")}`;
    const runner = kind === "cjs" || kind === "esm" ? ["node"] : kind === "php" ? ["php"] : [];
    hosts.push({ path, inside, kind, command: arguments_ ? [...runner, inside, ...arguments_] : null });
  };
  for (const [path, kind, content] of scripts) {
    add(path, kind, content, kind === "php" && !has("php") ? null : ["b", "c"]);
  }
  for (const [path, content] of documents) add(path, "document", content, null);
  add("opt/tools/small", "elf64", smallStatic(), ["xyz"]);
  const programs: [string, string, string[]][] = [
    ["/bin/true", "home/bin/yes-man", []],
    ["/bin/ls", "bin/list", ["-a", "/opt"]],
    ["/bin/false", "root/no-man", []],
    ["/bin/sort", "opt/tools/order", ["/etc/passwd"]],
    ["/sbin/ldconfig", "srv/static-pie", ["--version"]],
  ];
  const busybox = has("busybox");
  if (busybox) programs.push([busybox, "opt/tools/busybox", ["echo", "-n", "hi"]]);
  for (const [from, path, args] of programs) add(path, "elf64", readFileSync(from), args);
  return hosts;
}

/** What each host that can run prints and returns. */
export function runAll(den: Den, hosts: readonly Host[], options: { drill: boolean }): string[] {
  return hosts
    .filter((host) => host.command)
    .map((host) => {
      const { status, stdout, stderr } = den.run([...host.command!], options);
      return `${host.path}: ${status} ${stdout} ${stderr}`;
    });
}
