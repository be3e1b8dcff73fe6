import { fromText, toText } from "../bytes.ts";
import type { BlindHarmless, Random, ScriptKind } from "../kind.ts";
import { between } from "../random.ts";
import { dialects } from "../script/dialect.ts";
import { afterShebang, suits } from "../script/place.ts";

const licence = [
  "Copyright the authors of this file. All rights reserved where nothing else is said.",
  "This file may be used, changed and passed on by anyone, with or without changes,",
  "as long as this notice stays. There is no warranty of any kind.",
];

function harmless(
  id: string,
  scriptKind: ScriptKind,
  what: string,
  change: (text: string, random: Random) => string | null,
): BlindHarmless {
  return {
    id,
    hosts: "script",
    scriptKind,
    what,
    infect: (host, random) => {
      const text = toText(host);
      const changed = suits(text, scriptKind) ? change(text, random) : null;
      return changed === null || changed === text ? null : fromText(changed);
    },
  };
}

function licensed(kind: ScriptKind): BlindHarmless {
  const notice = `${licence.map(dialects[kind].comment).join("\n")}\n`;
  return harmless(`harmless-${kind}-licence`, kind, "a licence in remarks behind the first line", (text) => {
    const at = afterShebang(text);
    return text.slice(0, at) + notice + text.slice(at);
  });
}

/** Changes that editors and authors make to scripts and settings. */
export const harmlessText: readonly BlindHarmless[] = [
  licensed("shell"),
  licensed("python"),
  harmless("harmless-perl-indented", "perl", "tabs instead of spaces at the start of lines", (text) =>
    text.replaceAll(/^(?: {2})+/gm, (spaces) => "\t".repeat(spaces.length / 2)),
  ),
  harmless(
    "harmless-python-mark",
    "python",
    "a byte order mark before the text",
    (text) => `\xef\xbb\xbf${text}`,
  ),
  harmless("harmless-shell-line-ends", "shell", "the line ends of another system", (text) =>
    text.replaceAll(/\r?\n/g, "\r\n"),
  ),
  harmless("harmless-node-strict", "node", "a strict mode line behind the first one", (text) => {
    const at = afterShebang(text);
    return `${text.slice(0, at)}"use strict";\n${text.slice(at)}`;
  }),
  harmless(
    "harmless-perl-version",
    "perl",
    "another number in the first version that the text names",
    (text, random) =>
      text.replace(/(version\W{1,6}\d+\.)\d+/i, (_, head: string) => `${head}${between(random, 20, 99)}`),
  ),
  harmless(
    "harmless-shell-modeline",
    "shell",
    "a line for an editor at the end",
    (text) => `${text}${text.endsWith("\n") ? "" : "\n"}# vim: set ts=4 sw=4 et:\n`,
  ),
  {
    id: "harmless-json-indented",
    hosts: "json",
    what: "the same document with other spaces",
    infect: (host) => {
      try {
        const document: unknown = JSON.parse(Buffer.from(host).toString());
        const [wide, narrow] = [4, 2].map((by) =>
          fromText(toText(Buffer.from(JSON.stringify(document, null, by)))),
        );
        return Buffer.from(host).equals(wide!) ? narrow! : wide!;
      } catch {
        return null;
      }
    },
  },
];
