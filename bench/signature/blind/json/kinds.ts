import { fromText, toText, xored } from "../bytes.ts";
import type { BlindKind, Random } from "../kind.ts";
import { letters, name, phrase } from "../payload/words.ts";
import { between, randomBytes, seeded } from "../random.ts";

type Json = Pick<BlindKind, "id" | "what" | "constant"> & {
  change(text: string, random: Random): string | null;
  undo?(text: string): string;
};

function jsonKind({ change, undo, ...about }: Json): BlindKind {
  return {
    ...about,
    hosts: "json",
    keepsBytes: undo !== undefined,
    infect: (host, random) => {
      const text = toText(host);
      const infected = isObject(text) ? change(text, random) : null;
      return infected === null ? null : fromText(infected);
    },
    ...(undo && { restore: (infected) => fromText(undo(toText(infected))) }),
  };
}

/** An object with at least one member; one with remarks or a byte order mark is left alone. */
function isObject(text: string): boolean {
  if (!/^\s*\{\s*"/.test(text)) return false;
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

/** A member of plain values, the same for the same seed. */
function value(seed: string, count: number): string {
  const random = seeded(`json ${seed}`);
  const entries = Array.from({ length: count }, () => [
    name(random),
    random() < 0.3 ? between(random, 1, 9999) : phrase(random, 5),
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

const behindBrace = (text: string) => text.indexOf("{") + 1;
const firstMember = `"ember_quartz": ${value("json-first", 6)},`;
const lastValue = value("json-last", 5);
const nestedMember = `"umberDefaults":${value("json-nested", 4)},`;
const pushedMember = `"hollowCopper":${value("json-pushed-right", 5)},`;
const remark = ": fixed text of the amber basin 7041";
const wrapHead = `{"glade":${value("json-wrapped", 7)},"held":`;
const hidden = fromText(value("json-keyed", 6));
const reformatMember = value("json-reformatted", 5);

/** Changes of configuration files. */
export const jsonKinds: readonly BlindKind[] = [
  jsonKind({
    id: "json-first",
    what: "a fixed member before all others",
    constant: "plain",
    change: (text) => text.slice(0, behindBrace(text)) + firstMember + text.slice(behindBrace(text)),
    undo: (text) => text.slice(0, behindBrace(text)) + text.slice(behindBrace(text) + firstMember.length),
  }),
  jsonKind({
    id: "json-last",
    what: "a member with a drawn name and a fixed value behind all others",
    constant: "plain",
    change: (text, random) => {
      const end = text.lastIndexOf("}");
      return `${text.slice(0, end)},"${letters(random, 9)}":${lastValue}${text.slice(end)}`;
    },
    undo: (text) => {
      const end = text.lastIndexOf("}");
      return text.slice(0, end - lastValue.length - 13) + text.slice(end);
    },
  }),
  jsonKind({
    id: "json-nested",
    what: "a fixed member in the first object inside the file that has members",
    constant: "plain",
    change: (text) => {
      const inner = /:\s*\{(?=\s*")/.exec(text);
      if (!inner || text.includes(nestedMember)) return null;
      const at = inner.index + inner[0].length;
      const result = text.slice(0, at) + nestedMember + text.slice(at);
      // Where the brace stood inside a text the result is no document any more, or another text.
      return isObject(result) ? result : null;
    },
    undo: (text) => text.replace(nestedMember, ""),
  }),
  jsonKind({
    id: "json-script",
    what: "a command of a package that does nothing, before its other commands",
    constant: "plain",
    change: (text) => {
      const scripts = /"scripts":\s*\{(?=\s*")/.exec(text);
      if (!scripts || text.includes(remark)) return null;
      const at = scripts.index + scripts[0].length;
      return `${text.slice(0, at)}"postglade": "${remark}",${text.slice(at)}`;
    },
    undo: (text) => text.replace(`"postglade": "${remark}",`, ""),
  }),
  jsonKind({
    id: "json-pushed-right",
    what: "a fixed member behind a drawn number of spaces on the line of the first brace",
    constant: "plain",
    change: (text, random) => {
      const at = behindBrace(text);
      return text.slice(0, at) + " ".repeat(between(random, 150, 300)) + pushedMember + text.slice(at);
    },
    undo: (text) => {
      const at = text.indexOf(pushedMember);
      return text.slice(0, behindBrace(text)) + text.slice(at + pushedMember.length);
    },
  }),
  jsonKind({
    id: "json-wrapped",
    what: "a document of its own that holds the host as base64 in a text",
    constant: "plain",
    change: (text) => `${wrapHead}"${Buffer.from(fromText(text)).toString("base64")}"}\n`,
    undo: (text) => Buffer.from(text.slice(wrapHead.length + 1, -3), "base64").toString("latin1"),
  }),
  jsonKind({
    id: "json-keyed",
    what: "a member with a drawn name whose value is a body under a drawn key, in base64",
    constant: "none",
    change: (text, random) => {
      const key = randomBytes(random, 12);
      const held = Buffer.concat([key, xored(hidden, key)]).toString("base64");
      return `${text.slice(0, behindBrace(text))}"${letters(random, 8)}":"${held}",${text.slice(behindBrace(text))}`;
    },
    undo: (text) => {
      const at = behindBrace(text);
      return text.slice(0, at) + text.slice(text.indexOf('",', at) + 2);
    },
  }),
  jsonKind({
    id: "json-reformatted",
    what: "the whole file written anew with other spaces, and one fixed member more: the old spaces are gone",
    constant: "plain",
    change: (text) => {
      const members = JSON.stringify(JSON.parse(Buffer.from(text, "latin1").toString()), null, "\t");
      const result = `${members.slice(0, -2)},\n\t"ridge_fern": ${reformatMember}\n}`;
      return toText(Buffer.from(result));
    },
  }),
];
