/** Where the rules of a YARA source stand, without understanding them. */
export interface RuleSpan {
  readonly name: string;
  /** Offsets in the text: from `private`, `global` or `rule` to behind the closing brace. */
  readonly from: number;
  readonly to: number;
}

/** Texts, comments, hex patterns (`= {`) and expressions are passed over whole; what is told apart is a rule's head and braces. */
const token =
  /"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|=\s*\{(?:[^}/]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*\}|(?<=[=(,]\s*|matches\s*)\/(?:\\.|[^/\\\n])+\/|((?:\b(?:private|global)\s+)*\brule\s+(\w+))|[{}]/g;

export function ruleSpans(text: string): RuleSpan[] {
  const spans: RuleSpan[] = [];
  let open: { name: string; from: number } | null = null;
  let depth = 0;
  for (const match of text.matchAll(token)) {
    const [found, head, name] = match;
    if (head !== undefined && depth === 0) open = { name: name!, from: match.index };
    else if (found === "{") depth++;
    else if (found === "}" && depth > 0 && --depth === 0 && open) {
      spans.push({ ...open, to: match.index + 1 });
      open = null;
    }
  }
  return spans;
}

/** The text without some of its rules; lines keep their numbers. */
export function withoutRules(text: string, spans: readonly RuleSpan[]): string {
  let rest = text;
  for (const { from, to } of [...spans].sort((a, b) => b.from - a.from))
    rest = rest.slice(0, from) + rest.slice(from, to).replace(/[^\n]/g, " ") + rest.slice(to);
  return rest;
}
