/** What YARA 4 and YARA-X make of one string of a rule. */
import type { RuleDifference } from "@thymus/contracts";
import { textBytes } from "../judge/bytes.ts";
import type { Pattern } from "../syntax/ast.ts";
import { meantOtherwise, of, refusedBy4, refusedByX, type Way } from "./difference.ts";
import { regexWays } from "./regex.ts";

/** The lexer of YARA 4 keeps so many bytes of a text or a regular expression. */
const LONGEST = 8191;
const BASE64_LEAST = 3;
/** YARA 4's longest jump in an alternative. */
const ALTERNATIVE_JUMP = 200;

export function stringDifferences(pattern: Pattern): RuleDifference[] {
  const { kind, body } = pattern;
  const ways: Way[] =
    kind === "text" ? textWays(pattern) : kind === "hex" ? hexWays(body) : regexWays(body, pattern.flags);
  if (kind !== "hex" && Buffer.byteLength(body) > LONGEST)
    ways.push(refusedBy4(`it is longer than ${LONGEST} bytes`, "use a part of it, or hex"));
  return of(pattern, ways);
}

function textWays({ body, modifiers }: Pattern): Way[] {
  const ways: Way[] = [];
  const has = (name: string) => modifiers.some((each) => each === name || each.startsWith(`${name}(`));
  if ((has("base64") || has("base64wide")) && textBytes(body).length < BASE64_LEAST)
    ways.push(refusedByX("base64 wants three bytes", "lengthen it: so short it stands in any text"));
  if (has("xor") && has("fullword"))
    ways.push(
      meantOtherwise(
        "with xor and fullword YARA 4 looks at the neighbours as they are, YARA-X with the key taken off",
        "leave fullword out",
      ),
    );
  if (/(?:^|[^\\])(?:\\\\)*\\0/.test(body)) ways.push(refusedBy4("it has the escape \\0", "write \\x00"));
  return ways;
}

function hexWays(body: string): Way[] {
  const bare = body.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, " ").replace(/\s+/g, "");
  const ways: Way[] = [];
  if (bare.includes("~")) ways.push(refusedBy4("it has a byte that must not be (~)", "write ??", "4.3"));
  if (/\[0-0\]/.test(bare)) ways.push(refusedByX("it has the jump [0-0]", "leave the jump out"));
  let depth = 0;
  for (const [part, from, dash, to] of bare.matchAll(/[()]|\[(\d*)(-?)(\d*)\]/g)) {
    if (part === "(") depth++;
    else if (part === ")") depth--;
    else if (
      depth > 0 &&
      (dash === "-" ? to === "" || Number(to) > ALTERNATIVE_JUMP : Number(from) > ALTERNATIVE_JUMP)
    )
      ways.push(
        refusedBy4(
          `it has a jump of more than ${ALTERNATIVE_JUMP} bytes in an alternative`,
          "shorten the jump, or write one string for each alternative",
        ),
      );
  }
  return ways;
}
