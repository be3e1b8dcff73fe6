import { createHash } from "node:crypto";
import { tinyElf } from "./tiny-elf.ts";

/** One canary: what it is called, what it contains. */
export interface DecoyContent {
  readonly kind: "shell" | "node" | "elf" | "document";
  readonly name: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

const stems = ["cache", "session", "update", "locale", "index", "history", "profile", "state"];
const verbs = ["rotate", "sync", "refresh", "collect", "prune", "rebuild"];

/** Bytes that depend on the seed only. */
function stream(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let block = 0; parts.length * 32 < length; block++)
    parts.push(createHash("sha256").update(`${seed}:${block}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/**
 * The canaries of one folder: a shell script, a JavaScript module, an ELF program and a document. They differ between
 * installations and folders, so that nobody can tell them by their content, and are the same again for the same seed.
 */
export function decoysFor(seed: string): DecoyContent[] {
  const bytes = stream(seed, 4096);
  const pick = (list: readonly string[], at: number) => list[bytes[at]! % list.length]!;
  const tag = bytes.subarray(16, 19).toString("hex");
  const stem = pick(stems, 0);
  const verb = pick(verbs, 1);
  const name = (suffix: string) => `.${stem}-${verb}-${tag}${suffix}`;
  const days = 3 + (bytes[2]! % 30);
  const shell = [
    "#!/bin/sh",
    `# ${verb} ${stem} files that are older than ${days} days`,
    "set -eu",
    `folder="\${XDG_CACHE_HOME:-$HOME/.cache}/${stem}-${tag}"`,
    '[ -d "$folder" ] || exit 0',
    `count=$(ls "$folder" | wc -l)`,
    `echo "${stem}: $count entries, keeping ${days} days"`,
    "",
  ].join("\n");
  const node = [
    "#!/usr/bin/env node",
    `// ${stem} ${verb}: prints how long entries are kept`,
    `const settings = { name: "${stem}-${tag}", days: ${days}, limit: ${1000 + bytes[3]! * 7} };`,
    "function describe(value) {",
    "  return Object.entries(value)",
    "    .map(([key, text]) => key + '=' + text)",
    "    .join(' ');",
    "}",
    "console.log(describe(settings));",
    "",
  ].join("\n");
  const document = [
    `Notes about ${stem} ${verb} (${tag})`,
    "",
    ...Array.from({ length: 12 }, (_, row) => {
      const [a, b] = [bytes[64 + row * 2]!, bytes[65 + row * 2]!];
      return `${String(row + 1).padStart(2, "0")}. ${pick(verbs, 100 + row)} ${pick(stems, 120 + row)}: ${a * 256 + b} of ${65536 - b}`;
    }),
    "",
  ].join("\n");
  const elf = tinyElf(`${stem}-${tag}: ${days} days`, bytes.subarray(512));
  return [
    { kind: "shell", name: name(".sh"), content: Buffer.from(shell), mode: 0o755 },
    { kind: "node", name: name(".js"), content: Buffer.from(node), mode: 0o755 },
    { kind: "elf", name: name(""), content: elf, mode: 0o755 },
    { kind: "document", name: name(".txt"), content: Buffer.from(document), mode: 0o644 },
  ];
}
