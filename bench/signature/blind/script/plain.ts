import type { BlindKind, ScriptKind } from "../kind.ts";
import { between } from "../random.ts";
import { afterShebang, insertion, scriptKind } from "./place.ts";
import { fixedLines } from "./statements.ts";

const joined = (kind: ScriptKind, id: string, count: number) => `${fixedLines(kind, id, count).join("\n")}\n`;

/** The same lines behind the first line that names the interpreter. */
function behindShebang(scriptKind: ScriptKind, count: number): BlindKind {
  const id = `${scriptKind}-behind-shebang`;
  const body = joined(scriptKind, id, count);
  const what = "fixed lines behind the first line, or first where there is no interpreter named";
  return insertion(
    { id, scriptKind, what, constant: "plain" },
    afterShebang,
    () => body,
    () => body.length,
  );
}

/** The same lines at the end, after a line end of their own. */
function atEnd(kind: ScriptKind, count: number): BlindKind {
  const id = `${kind}-at-end`;
  const body = `\n${joined(kind, id, count)}`;
  return scriptKind({
    id,
    scriptKind: kind,
    what: "fixed lines at the end of the script",
    constant: "plain",
    change: (text) => text + body,
    undo: (text) => text.slice(0, -body.length),
  });
}

const shellHead = `#!/bin/sh\n${joined("shell", "shell-before-all", 14)}`;
const phpOwn = `<?php\n${joined("php", "php-own-block", 9)}?>\n`;
const perlTail = `\n__END__\n${fixedLines("perl", "perl-behind-end", 12).join("\n")}\n`;
const perlParts = [0, 1, 2].map((i) => joined("perl", `perl-three-places ${i}`, 5));
const perlSigns = perlParts.map((part) => part.length);
const afterOpenTag = (text: string) => {
  const at = text.indexOf("<?php");
  return at < 0 ? -1 : at + 6;
};
const phpTag = joined("php", "php-behind-open-tag", 10);

/** Bodies in the clear, as one block or cut in few. */
export const plainKinds: readonly BlindKind[] = [
  behindShebang("shell", 12),
  behindShebang("python", 15),
  behindShebang("node", 8),
  atEnd("shell", 9),
  atEnd("python", 11),
  atEnd("node", 20),
  insertion(
    {
      id: "shell-before-all",
      scriptKind: "shell",
      what: "a script of its own stands before the host, whose first line becomes a remark",
      constant: "plain",
    },
    () => 0,
    () => shellHead,
    () => shellHead.length,
  ),
  insertion(
    {
      id: "php-own-block",
      scriptKind: "php",
      what: "a block with its own tags stands before the host",
      constant: "plain",
    },
    () => 0,
    () => phpOwn,
    () => phpOwn.length,
  ),
  insertion(
    {
      id: "php-behind-open-tag",
      scriptKind: "php",
      what: "fixed lines behind the first open tag",
      constant: "plain",
    },
    afterOpenTag,
    () => phpTag,
    () => phpTag.length,
  ),
  scriptKind({
    id: "perl-behind-end",
    scriptKind: "perl",
    what: "the body stands behind a line that ends the program",
    constant: "plain",
    change: (text) => text + perlTail,
    undo: (text) => text.slice(0, -perlTail.length),
  }),
  scriptKind({
    id: "perl-three-places",
    scriptKind: "perl",
    what: "the body in three pieces: behind the first line, before a drawn line, at the end",
    constant: "plain",
    change: (text, random) => {
      const start = afterShebang(text);
      const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1).filter((at) => at >= start);
      if (ends.length < 4) return null;
      const cut = ends[between(random, 1, ends.length - 2)]!;
      const [first, second, third] = perlParts as [string, string, string];
      const place = `# ${cut - start}\n`;
      return text.slice(0, start) + first + text.slice(start, cut) + second + text.slice(cut) + third + place;
    },
    undo: (text) => {
      const start = afterShebang(text);
      const placeAt = text.lastIndexOf("\n# ") + 1;
      const cut = Number(text.slice(placeAt + 2, -1));
      const [first, second, third] = perlSigns as [number, number, number];
      const middle = start + first;
      return (
        text.slice(0, start) +
        text.slice(middle, middle + cut) +
        text.slice(middle + cut + second, placeAt - third)
      );
    },
  }),
];
