import { hexRuns } from "./hex-runs.ts";

/** Bytes that stand wherever a string matches; `keyed`: under any one-byte key that they are combined with by XOR. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly keyed: boolean;
}

/** Shorter runs stand in too many files. */
export const MIN_RUN = 12;
/** Forms that a run with alternatives in it may have. */
const MAX_FORMS = 64;

const TEXT = /^"((?:[^"\\]|\\.)*)"( xor| ascii| fullword)*$/;
const HEX = /^\{([0-9A-Fa-f?()|[\] -]+)\}$/;
const ESCAPED: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '"': 34, "\\": 92 };

/**
 * Runs one of which stands wherever this string of a rule matches, each of {@link MIN_RUN} bytes or more; null where there are none,
 * or the string is of a kind that is not read here (expressions, other modifiers).
 */
export function runsOfString(text: string): Run[] | null {
  const quoted = TEXT.exec(text);
  if (quoted !== null) {
    const bytes = unescaped(quoted[1]!);
    if (bytes === null || bytes.length < MIN_RUN) return null;
    return [{ bytes, keyed: / xor\b/.test(text.slice(quoted[1]!.length + 2)) }];
  }
  const hex = HEX.exec(text);
  return hex === null ? null : longestRun(hex[1]!);
}

function unescaped(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const [token, hex, char] of text.matchAll(/\\x([0-9A-Fa-f]{2})|\\(.)|[^\\]/g)) {
    const code = hex !== undefined ? Number.parseInt(hex, 16) : char !== undefined ? ESCAPED[char] : null;
    if (code === undefined || (code === null && token.charCodeAt(0) > 0x7e)) return null;
    bytes.push(code ?? token.charCodeAt(0));
  }
  return Uint8Array.from(bytes);
}

/** Of all runs between wild cards and jumps the one whose shortest form is longest. */
function longestRun(hex: string): Run[] | null {
  let best: readonly string[] = [""];
  const least = (forms: readonly string[]) => Math.min(...forms.map((form) => form.length));
  for (const forms of hexRuns(hex, MAX_FORMS) ?? []) if (least(forms) > least(best)) best = forms;
  if (least(best) < 2 * MIN_RUN) return null;
  return best.map((form) => ({ bytes: new Uint8Array(Buffer.from(form, "hex")), keyed: false }));
}
