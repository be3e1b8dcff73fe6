import type { BlindKind, Random, ScriptKind } from "../kind.ts";
import { letters, name, phrase } from "../payload/words.ts";
import { between, pick, shuffled } from "../random.ts";
import { dialects } from "./dialect.ts";
import { afterShebang, insertion, lengthOfLines } from "./place.ts";
import { fixedLines, statements } from "./statements.ts";

interface Variation {
  readonly id: string;
  readonly scriptKind: ScriptKind;
  readonly what: string;
  readonly constant?: BlindKind["constant"];
  readonly gaps?: true;
  /** The lines of one infection; how many they are stands on the first, which is added here. */
  lines(random: Random): string[];
}

/** Lines that differ from infection to infection, behind the first line of the host. */
function varying({ constant = "plain", lines, ...about }: Variation): BlindKind {
  const dialect = dialects[about.scriptKind];
  const write = (random: Random) => {
    const body = lines(random);
    const first = dialect.number(letters(random, 5), body.length);
    return `${[constant === "none" ? otherKeyword(first, random) : first, ...body].join("\n")}\n`;
  };
  const measure = (from: string) => lengthOfLines(from, 1 + Number(/= ?(\d+)/.exec(from)![1]));
  return insertion({ ...about, constant }, phpSafe(about.scriptKind), write, measure);
}

/** The first line without a keyword that every infection shares. */
function otherKeyword(line: string, random: Random): string {
  return line.replace(/^let /, () => pick(random, ["let ", "var ", "const "]));
}

/** PHP lines must stand behind the open tag. */
const phpSafe = (kind: ScriptKind) => (text: string) => {
  if (kind !== "php") return afterShebang(text);
  const tag = /<\?php[^\n]*\n/.exec(text);
  return tag ? tag.index + tag[0].length : -1;
};

const renamed = statements("shell", "shell-renamed", 14);
const shuffledLines = fixedLines("python", "python-shuffled", 16);
const remarked = fixedLines("perl", "perl-junk-remarks", 12);
const minified = statements("node", "node-minified", 12);
const both = statements("python", "python-renamed-and-shuffled", 14);
const php = statements("php", "php-renamed-one-line", 10);
const blocks = [0, 1, 2, 3].map((i) => fixedLines("shell", `shell-blocks-between-junk ${i}`, 4));

const drawnRemark = (random: Random) => `# ${phrase(random, between(random, 3, 9))}`;

function nodeShort(random: Random): string {
  const taken = new Set<string>();
  const short = () => {
    let candidate: string;
    do candidate = letters(random, between(random, 1, 2));
    while (taken.has(candidate));
    taken.add(candidate);
    return candidate;
  };
  return minified.map((write) => write(short()).replace(" = ", "=").replaceAll(", ", ",")).join("");
}

/** Token for token the same, every name, number and text drawn. */
function tokens(random: Random): string[] {
  const word = () => letters(random, between(random, 5, 12));
  const number = () => between(random, 10, 99999);
  return [
    `${word()} = {"${word()}": ${number()}, "${word()}": [${number()}, ${number()}, ${number()}]}`,
    `${word()} = ("${word()}", "${word()}", (${number()}, "${word()}"))`,
    `${word()} = [[${number()}], ["${word()}"], {"${word()}": "${word()}"}]`,
    `${word()} = ${number()} * ${number()} - ${number()} % ${number()}`,
    `${word()} = "${word()}" "${word()}" "${word()}"`,
    `${word()} = {${number()}, ${number()}}`,
  ];
}

/** Nothing the same: which statements, how many, every name and value. */
function anything(random: Random, kind: ScriptKind): string[] {
  const dialect = dialects[kind];
  return Array.from({ length: between(random, 4, 20) }, () => {
    const [id, value] = [letters(random, between(random, 3, 9)), letters(random, between(random, 4, 40))];
    return pick(random, [
      dialect.text(id, value),
      dialect.number(id, between(random, 0, 999999)),
      dialect.list(
        id,
        Array.from({ length: between(random, 2, 9) }, () => between(random, 0, 999)),
      ),
      dialect.comment(value),
    ]);
  });
}

/** Bodies whose names, order or remarks are drawn for each infection. */
export const variedKinds: readonly BlindKind[] = [
  varying({
    id: "shell-renamed",
    scriptKind: "shell",
    what: "the same statements with drawn names of variables",
    lines: (random) => renamed.map((write) => write(name(random))),
  }),
  varying({
    id: "python-shuffled",
    scriptKind: "python",
    what: "the same statements in a drawn order",
    lines: (random) => shuffled(random, shuffledLines),
  }),
  varying({
    id: "perl-junk-remarks",
    scriptKind: "perl",
    what: "the same statements with drawn remarks and empty lines between them",
    lines: (random) =>
      remarked.flatMap((line) => pick(random, [[line], [line, drawnRemark(random)], ["", line], [line, ""]])),
  }),
  varying({
    id: "node-minified",
    scriptKind: "node",
    what: "all statements on one line, without spaces, with drawn short names",
    lines: (random) => [nodeShort(random)],
  }),
  varying({
    id: "python-renamed-and-shuffled",
    scriptKind: "python",
    what: "the same statements with drawn names, in a drawn order, with drawn remarks",
    lines: (random) =>
      shuffled(random, both).flatMap((write) =>
        random() < 0.3 ? [drawnRemark(random), write(name(random))] : [write(name(random))],
      ),
  }),
  varying({
    id: "php-renamed-one-line",
    scriptKind: "php",
    what: "the same statements on one line with drawn names and drawn spaces between them",
    lines: (random) => [php.map((write) => write(name(random)) + " ".repeat(between(random, 1, 5))).join("")],
  }),
  varying({
    id: "shell-blocks-between-junk",
    scriptKind: "shell",
    what: "four fixed blocks in a drawn order with drawn statements between them",
    lines: (random) => shuffled(random, blocks).flatMap((block) => [...block, ...anything(random, "shell")]),
  }),
  varying({
    id: "python-tokens-only",
    scriptKind: "python",
    what: "every name, number and text is drawn: only the sequence of tokens is the same",
    constant: "none",
    lines: tokens,
  }),
  varying({
    id: "shell-anything",
    scriptKind: "shell",
    what: "a drawn number of drawn statements",
    constant: "none",
    lines: (random) => anything(random, "shell"),
  }),
  varying({
    id: "node-anything",
    scriptKind: "node",
    what: "a drawn number of drawn statements",
    constant: "none",
    lines: (random) => anything(random, "node"),
  }),
];
