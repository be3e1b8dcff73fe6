/** What YARA 4 and YARA-X make of a regular expression; each line was seen in both (`dialect.test.ts`). */
import { meantOtherwise, refusedBy4, refusedByX, type Way } from "./difference.ts";

/** Both look no further for what a repetition ends with, but that YARA-X takes `.` with the flag s for a jump of any length. */
const REACH = 4096;
/** YARA 4 repeats no more often. */
const MOST_REPEATS = 32_767;

const FAR = meantOtherwise(
  `it has a repetition without end, for which YARA 4 looks ${REACH} bytes far and YARA-X further`,
  "give the repetition an end, such as {0,200}",
);

/** Pieces of a regular expression: escapes, classes with their brackets, intervals, groups' beginnings, single characters. */
const piece =
  /\\x\{[^}]*\}|\\x[0-9a-fA-F]{2}|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{[\d,]*\}|\(\?P?<?\w*>?[:=!]?|[^\\]/gs;

export function regexWays(body: string, flags: string): Way[] {
  const pieces = [...body.matchAll(piece)].map(([text]) => text);
  const ways: Way[] = [];
  const once = (way: Way) => {
    if (!ways.some(({ message }) => message === way.message)) ways.push(way);
  };
  for (const [at, text] of pieces.entries()) {
    const last = pieces[at - 1];
    const way = wayOf(text, last);
    if (way && (way !== FAR || (last === "." && flags.includes("s")))) once(way);
  }
  if (/(?:^|[^\\])\((?:\||\))|\|\)/.test(body))
    once(refusedBy4("an alternative in brackets is empty", "write `(a)?` for `(|a)`"));
  if (/^\(?\.[*+]/.test(body))
    once(
      meantOtherwise(
        "it begins with a repetition of anything, and the two find its beginnings at other places",
        "leave the beginning out, or ask for the least of it: [a-z]{2} for [a-z]{2,9}",
      ),
    );
  if (mayBeEmpty(pieces)) once(refusedByX("it may match nothing at all", "ask for at least one character"));
  return ways;
}

function wayOf(text: string, last: string | undefined): Way | null {
  if (text.startsWith("\\")) return escapeWay(text);
  if (text.startsWith("[")) return classWay(text);
  if (text.startsWith("(?"))
    return /^\(\?[=!<]/.test(text) && !/^\(\?<?\w+>/.test(text)
      ? null
      : refusedBy4(
          "it has a group that begins with `(?`",
          "use plain brackets; flags stand behind the last `/`",
        );
  if (/^\{\d*,?\d*\}$/.test(text)) return intervalWay(text);
  if (text === "{") return refusedByX("it has a `{` that opens no interval", "write `\\{`");
  if ((text === "*" || text === "+") && last !== undefined && /^(?:[*+]|\{.*\})$/.test(last))
    return refusedBy4("it repeats a repetition", "repeat once");
  if (text === "*" || text === "+") return FAR;
  return null;
}

function intervalWay(text: string): Way | null {
  const [, least, comma, most] = /^\{(\d*)(,?)(\d*)\}$/.exec(text)!;
  if (least === "" && most === "") return refusedByX("it has a `{` that opens no interval", "write `\\{`");
  const end = comma === "" ? Number(least) : most === "" ? null : Number(most);
  if (end === null) return FAR;
  if (end === 0) return refusedBy4("it repeats something not at all", "leave it out");
  if (end > MOST_REPEATS)
    return refusedBy4(`it repeats more than ${MOST_REPEATS} times`, "repeat less often");
  return end > REACH ? FAR : null;
}

function escapeWay(text: string): Way | null {
  if (/^\\x\{/.test(text)) return refusedBy4(`it has the escape ${text}`, "write \\x and two digits");
  if (text === "\\A" || text === "\\z")
    return meantOtherwise(`${text} is an end of the file in YARA-X, a letter in YARA 4`, "write ^ or $");
  if (text === "\\v" || text === "\\u")
    return meantOtherwise(`${text} is a letter in YARA 4`, "write the character as \\x and two digits");
  if (/^\\[A-Za-z]$/.test(text) && !/^\\[wWsSdDbBnrtxaf]$/.test(text))
    return refusedByX(`it has the escape ${text}, a letter in YARA 4`, `write ${text[1]}`);
  return null;
}

function classWay(text: string): Way | null {
  const inside = text.slice(1, -1);
  if (/\[:\^?\w+:\]/.test(inside))
    return meantOtherwise(
      "a named class such as [[:digit:]] is a set of letters in YARA 4",
      "write the characters, such as [0-9]",
    );
  if (/&&|~~/.test(inside))
    return meantOtherwise(
      "&& and ~~ in a class are characters in YARA 4, and not in YARA-X",
      "write \\& or \\~",
    );
  if (/--/.test(inside))
    return refusedBy4("-- in a class takes away in YARA-X", "write \\- where it is a character");
  if (/\\b/.test(inside)) return refusedByX("\\b in a class is no character in YARA-X", "write \\x08");
  if (/(?:^|[^\\])\[/.test(inside.replace(/^\^/, " ")))
    return refusedByX("it has a `[` in a class", "write `\\[`");
  return null;
}

/** Only what is plain: every piece outside of brackets may be left out, or an alternative of the whole is empty. */
function mayBeEmpty(pieces: readonly string[]): boolean {
  if (pieces.length === 0) return false;
  if (pieces.some((text) => text.startsWith("("))) {
    const [first, ...rest] = pieces;
    const end = rest.lastIndexOf(")");
    return (
      first === "(" &&
      end === rest.length - 2 &&
      /^[*?]$/.test(rest.at(-1)!) &&
      !rest.slice(0, end).includes("(")
    );
  }
  if (pieces[0] === "|" || pieces.at(-1) === "|") return true;
  if (pieces.includes("|")) return false;
  return pieces.every(
    (text, at) => /^(?:[*?]|\{0?,.*\})$/.test(text) || /^(?:[*?]|\{0?,.*\})$/.test(pieces[at + 1] ?? ""),
  );
}
