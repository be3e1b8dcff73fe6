/**
 * Keeps rules from hiding each other's strings. YARA-X searches a string that several rules have once, and takes the bounds of the
 * first: beside `filesize < 10KB and $a`, or `uint32(0) == 0x464C457F and $a`, another rule with the same `$a` finds nothing in
 * larger files, or in files that begin otherwise (seen in 1.20 and in the native build 0.7.2). Bounds are read off what a condition
 * asks for at its top; where a condition may be met by `false` as well, there are none.
 */

/** Texts, comments, hex patterns and regular expressions are passed over whole; what is left is `condition:`. */
const parts =
  /"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|=\s*\{(?:[^}/]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*\}|\/(?:\\.|[^/\\\n])+\/|\bcondition\s*:/g;

/** The same rules with conditions that bound nothing; columns on the line of a condition are others. */
export function withoutBounds(source: string): string {
  return source.replace(parts, (part) => (part.startsWith("condition") ? `${part} false or ` : part));
}
