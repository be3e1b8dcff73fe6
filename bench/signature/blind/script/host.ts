import { deflateRawSync, inflateRawSync } from "node:zlib";
import { fromText, pieces, reversed, toText, xored } from "../bytes.ts";
import type { BlindKind, ScriptKind } from "../kind.ts";
import { letters } from "../payload/words.ts";
import { between, randomBytes, seeded } from "../random.ts";
import { afterShebang, scriptKind } from "./place.ts";
import { fixedLines } from "./statements.ts";

const linesOf = (kind: ScriptKind, id: string, count: number) =>
  `${fixedLines(kind, id, count).join("\n")}\n`;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const unbase64 = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

const wrapHead = `${linesOf("shell", "shell-wrapped", 6)}host_main() {\n`;
const wrapTail = `\n}\n${linesOf("shell", "shell-wrapped behind", 2)}host_main "$@"\n`;
const heldHead = `#!/usr/bin/env python3\n${linesOf("python", "python-host-in-text", 10)}held_host = "`;
const remarkHead = `#!/bin/sh\n${linesOf("shell", "shell-host-in-remarks", 13)}`;
const turnedHead = `#!/usr/bin/perl\n${linesOf("perl", "perl-host-backwards", 9)}__END__\n`;
const nodeHead = `${linesOf("node", "node-host-packed", 12)}const held = "`;
const phpHead = `<?php\n${linesOf("php", "php-host-keyed", 11)}$held = '`;
const lineHead = `#!/bin/sh\n${linesOf("shell", "shell-lines-permuted", 7)}`;

/** The order in which lines stand is drawn from a number that the infected script names. */
function order(seed: number, count: number): number[] {
  const random = seeded(`order ${seed}`);
  return Array.from({ length: count }, (_, i) => ({ i, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ i }) => i);
}

/** The host stays in the script, but not as it was. */
export const hostScripts: readonly BlindKind[] = [
  scriptKind({
    id: "shell-wrapped",
    scriptKind: "shell",
    what: "fixed lines around the host, which becomes a function",
    constant: "plain",
    change: (text) => {
      const at = afterShebang(text);
      return text.slice(0, at) + wrapHead + text.slice(at) + wrapTail;
    },
    undo: (text) => {
      const at = afterShebang(text);
      return text.slice(0, at) + text.slice(at + wrapHead.length, -wrapTail.length);
    },
  }),
  scriptKind({
    id: "python-host-in-text",
    scriptKind: "python",
    what: "a script of its own that holds the host as base64 in a text",
    constant: "plain",
    change: (text) => `${heldHead}${base64(fromText(text))}"\n`,
    undo: (text) => toText(unbase64(text.slice(heldHead.length, -2))),
  }),
  scriptKind({
    id: "shell-host-in-remarks",
    scriptKind: "shell",
    what: "a script of its own, then the host in remarks of 48 bytes in hexadecimal",
    constant: "plain",
    change: (text) => {
      const rows = pieces(fromText(text), 48).map((row) => `#${Buffer.from(row).toString("hex")}\n`);
      return remarkHead + rows.join("");
    },
    undo: (text) => {
      const digits = text.slice(remarkHead.length).replaceAll(/[#\n]/g, "");
      return toText(Uint8Array.from(Buffer.from(digits, "hex")));
    },
  }),
  scriptKind({
    id: "perl-host-backwards",
    scriptKind: "perl",
    what: "a script of its own, then the host backwards behind the line that ends the program",
    constant: "plain",
    change: (text) => turnedHead + toText(reversed(fromText(text))),
    undo: (text) => toText(reversed(fromText(text.slice(turnedHead.length)))),
  }),
  scriptKind({
    id: "node-host-packed",
    scriptKind: "node",
    what: "a script of its own that holds the host compressed, in base64",
    constant: "plain",
    change: (text) => `${nodeHead}${base64(deflateRawSync(fromText(text)))}";\n`,
    undo: (text) => toText(inflateRawSync(unbase64(text.slice(nodeHead.length, -3)))),
  }),
  scriptKind({
    id: "php-host-keyed",
    scriptKind: "php",
    what: "a script of its own that holds the host XORed with a drawn key of ten bytes, in base64",
    constant: "plain",
    change: (text, random) => {
      const key = randomBytes(random, 10);
      return `${phpHead}${Buffer.from(key).toString("hex")}${base64(xored(fromText(text), key))}';\n`;
    },
    undo: (text) => {
      const held = text.slice(phpHead.length, -3);
      const key = Uint8Array.from(Buffer.from(held.slice(0, 20), "hex"));
      return toText(xored(unbase64(held.slice(20)), key));
    },
  }),
  scriptKind({
    id: "shell-lines-permuted",
    scriptKind: "shell",
    what: "fixed lines, then the host's lines as remarks in an order that a drawn number gives",
    constant: "plain",
    change: (text, random) => {
      const lines = text.split("\n");
      const seed = between(random, 1000, 999999);
      const moved = order(seed, lines.length).map((from) => `#${lines[from]}`);
      return `${lineHead}${letters(random, 6)}=${seed}\n${moved.join("\n")}`;
    },
    undo: (text) => {
      const [first, ...moved] = text.slice(lineHead.length).split("\n");
      const lines: string[] = [];
      for (const [i, to] of order(Number(first!.split("=")[1]), moved.length).entries())
        lines[to] = moved[i]!.slice(1);
      return lines.join("\n");
    },
  }),
];
