import { deflateRawSync } from "node:zlib";
import { fromText, pieces, toText, xored } from "../bytes.ts";
import type { BlindKind, Random } from "../kind.ts";
import { letters, name } from "../payload/words.ts";
import { between, pick, randomBytes } from "../random.ts";
import { afterShebang, insertion, lengthOfLines, scriptKind } from "./place.ts";
import { fixedLines } from "./statements.ts";

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const wrapped = (text: string, width: number) => pieces(fromText(text), width).map(toText);
const bodyOf = (kind: "shell" | "python" | "perl" | "node", id: string, count: number) =>
  fromText(fixedLines(kind, id, count).join("\n"));

const heredoc = bodyOf("shell", "shell-heredoc", 10);
const keyed = bodyOf("shell", "shell-heredoc-keyed", 12);
const escaped = bodyOf("python", "python-escaped", 8);
const deflated = bodyOf("perl", "perl-deflated", 16);
const rotatedTexts = fixedLines("node", "node-text-table", 16).map((line) => line.slice(0, 24));
const decoderPython = fixedLines("python", "python-escaped decoder", 4).join("\n");
const decoderPerl = fixedLines("perl", "perl-deflated decoder", 3).join("\n");
const decoderShell = fixedLines("shell", "shell-heredoc-keyed decoder", 3).join("\n");
const trailing = bodyOf("node", "node-encoded-at-end", 12);

const heredocLines = (label: string, text: string) =>
  `: <<'${label}'\n${wrapped(text, 76).join("\n")}\n${label}\n`;
const blockNames = ["pod", "begin text", "head1 NOTES", "over 4"];

/** Up to and with the second line that is the label of a here-document. */
const heredocLength = (from: string, before: number) => {
  const start = lengthOfLines(from, before);
  const label = /<<'(\w+)'/.exec(from.slice(start))![1]!;
  return from.indexOf(`\n${label}\n`, start) + label.length + 2;
};

/** Bodies that stand in an encoding; what would decode them is a fixed harmless part. */
export const encodedScripts: readonly BlindKind[] = [
  insertion(
    {
      id: "shell-heredoc",
      scriptKind: "shell",
      what: "the body in base64 in a here-document with a drawn label",
      constant: "plain",
    },
    afterShebang,
    (random) => heredocLines(letters(random, 8), base64(heredoc)),
    (from) => heredocLength(from, 0),
  ),
  insertion(
    {
      id: "shell-heredoc-keyed",
      scriptKind: "shell",
      what: "fixed lines, then the body XORed with a drawn key, in base64 in a here-document",
      constant: "stub",
    },
    afterShebang,
    (random) => {
      const key = randomBytes(random, 6);
      return `${decoderShell}\n${name(random)}=${hex(key)}\n${heredocLines("EMBER", base64(xored(keyed, key)))}`;
    },
    (from) => heredocLength(from, 4),
  ),
  insertion(
    {
      id: "python-escaped",
      scriptKind: "python",
      what: "fixed lines, then the body as a text of escapes, each byte moved by a drawn number",
      constant: "stub",
    },
    afterShebang,
    (random) => {
      const by = between(random, 1, 255);
      const codes = [...escaped].map((b) => `\\x${((b + by) & 255).toString(16).padStart(2, "0")}`);
      return `${decoderPython}\n${letters(random, 7)} = (${by}, "${codes.join("")}")\n`;
    },
    (from) => lengthOfLines(from, 5),
  ),
  insertion(
    {
      id: "perl-deflated",
      scriptKind: "perl",
      what: "fixed lines, then the body compressed behind drawn bytes, in hexadecimal in remarks",
      constant: "stub",
    },
    afterShebang,
    (random) => {
      const packed = deflateRawSync(Buffer.concat([randomBytes(random, 80), deflated]));
      const lines = wrapped(hex(packed), 64).map((line) => `# ${line}`);
      return `${decoderPerl}\nmy $ridge = ${lines.length};\n${lines.join("\n")}\n`;
    },
    (from) => lengthOfLines(from, 4 + Number(/\$ridge = (\d+)/.exec(from)![1])),
  ),
  insertion(
    {
      id: "node-text-table",
      scriptKind: "node",
      what: "a list of fixed texts, turned by a drawn number of places, with drawn names",
      constant: "plain",
    },
    afterShebang,
    (random) => {
      const by = between(random, 0, rotatedTexts.length - 1);
      const turned = [...rotatedTexts.slice(by), ...rotatedTexts.slice(0, by)];
      const list = turned.map((text) => JSON.stringify(text)).join(",");
      return `const _0x${hex(randomBytes(random, 3))}=[${list}],_0x${hex(randomBytes(random, 2))}=${by};\n`;
    },
    (from) => lengthOfLines(from, 1),
  ),
  scriptKind({
    id: "node-encoded-at-end",
    scriptKind: "node",
    what: "one remark at the end: the body in base64 under a drawn key of 24 bytes, which stands before it",
    constant: "none",
    change: (text, random) => {
      const key = randomBytes(random, 24);
      return `${text}\n//${base64(key)}${base64(xored(trailing, key))}`;
    },
    undo: (text) => text.slice(0, text.lastIndexOf("\n//")),
  }),
  scriptKind({
    id: "perl-noise-in-manual",
    scriptKind: "perl",
    what: "drawn text at the end inside a block of documentation",
    constant: "none",
    change: (text, random) =>
      `${text}\n=${pick(random, blockNames)}\n\n${drawnLines(random).join("\n")}\n\n=cut\n`,
    undo: (text) => text.slice(0, /\n=[\w ]+\n\n[^=]+\n\n=cut\n$/.exec(text)!.index),
  }),
];

function drawnLines(random: Random): string[] {
  return Array.from({ length: between(random, 3, 9) }, () =>
    base64(randomBytes(random, 3 * between(random, 6, 15))),
  );
}
