import type { BlindKind } from "../kind.ts";
import { letters } from "../payload/words.ts";
import { between, seeded } from "../random.ts";
import { afterShebang, insertion, lengthOfLines, scriptKind } from "./place.ts";
import { fixedLines } from "./statements.ts";

const pushed = fixedLines("php", "php-pushed-right", 9).join(" ");
const between4 = fixedLines("shell", "shell-between-lines", 12).map((line) => `${line} #~`);
const polyglot = [
  "# *) (* */ ember quartz 7041 thicket",
  `: "glade yarrow 2210 umber" ;`,
  "# =begin hollow copper fern",
  "# =end /* dune gravel <!-- estuary",
].join("\n");
const manual = fixedLines("perl", "perl-in-manual", 10).join("\n");
const tail = seeded("python-white-space");
/** What the white space says: 40 rows of sixteen bits, a space or a tab each. */
const rows = Array.from({ length: 40 }, () =>
  Array.from({ length: 16 }, () => (tail() < 0.5 ? " " : "\t")).join(""),
);
const iife = fixedLines("node", "node-own-scope", 10).map((line) => `  ${line}`);

/** Bodies that a reader overlooks or that stand among the host's own lines. */
export const hiddenKinds: readonly BlindKind[] = [
  scriptKind({
    id: "php-pushed-right",
    scriptKind: "php",
    what: "the body on the line of the open tag, behind a drawn number of spaces",
    constant: "plain",
    change: (text, random) => {
      const end = /<\?php[^\n]*(?=\n)/.exec(text);
      if (!end) return null;
      const at = end.index + end[0].length;
      const spaces = between(random, 200, 400);
      return `${text.slice(0, at)}${" ".repeat(spaces)}${pushed}/*${spaces}*/${text.slice(at)}`;
    },
    undo: (text) => {
      const body = text.indexOf(pushed);
      const end = body + pushed.length;
      const sign = /^\/\*(\d+)\*\//.exec(text.slice(end))!;
      return text.slice(0, body - Number(sign[1])) + text.slice(end + sign[0].length);
    },
  }),
  scriptKind({
    id: "shell-between-lines",
    scriptKind: "shell",
    what: "twelve statements, each before another line of the host, at drawn distances",
    constant: "plain",
    change: (text, random) => {
      const lines = text.split("\n");
      if (lines.length < 26 || lines.some((line) => line.endsWith(" #~"))) return null;
      const step = Math.floor((lines.length - 1) / between4.length);
      const result = [...lines];
      for (let i = between4.length - 1; i >= 0; i--)
        result.splice(1 + i * step + between(random, 0, step - 1), 0, between4[i]!);
      return result.join("\n");
    },
    undo: (text) =>
      text
        .split("\n")
        .filter((line) => !line.endsWith(" #~"))
        .join("\n"),
  }),
  insertion(
    {
      id: "shell-polyglot-head",
      scriptKind: "shell",
      what: "four lines that several languages read as remarks, and one of drawn letters",
      constant: "plain",
    },
    afterShebang,
    (random) => `${polyglot}\n# ${letters(random, 30)}\n`,
    (from) => lengthOfLines(from, 5),
  ),
  scriptKind({
    id: "perl-in-manual",
    scriptKind: "perl",
    what: "the body as a block of documentation with a drawn title, behind the first line",
    constant: "plain",
    change: (text, random) => {
      const at = afterShebang(text);
      const title = letters(random, between(random, 6, 20));
      return `${text.slice(0, at)}\n=head1 ${title}\n\n${manual}\n\n=cut\n\n${text.slice(at)}`;
    },
    undo: (text) => {
      const at = afterShebang(text);
      return text.slice(0, at) + text.slice(text.indexOf("\n\n=cut\n\n", at) + 8);
    },
  }),
  scriptKind({
    id: "python-white-space",
    scriptKind: "python",
    what: "sixteen spaces and tabs behind each of the first forty lines, which tell the body's bits",
    constant: "plain",
    change: (text) => {
      const lines = text.split("\n");
      if (lines.length <= rows.length) return null;
      return lines.map((line, i) => line + (rows[i] ?? "")).join("\n");
    },
    undo: (text) =>
      text
        .split("\n")
        .map((line, i) => (i < rows.length ? line.slice(0, -16) : line))
        .join("\n"),
  }),
  insertion(
    {
      id: "node-own-scope",
      scriptKind: "node",
      what: "the body in a block of its own whose label is drawn, indented",
      constant: "plain",
    },
    afterShebang,
    (random) => `${letters(random, 6)}: {\n${iife.join("\n")}\n}\n`,
    (from) => lengthOfLines(from, iife.length + 2),
  ),
];
