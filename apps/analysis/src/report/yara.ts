/** A YARA rule with its words told apart, lightly: weight and tint, never colour alone. */
import { html, type Markup } from "./markup.ts";

const tokens =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"(?:\\.|[^"\\\n])*")|(?<hex>(?<==\s*)\{[^}]*\})|(?<name>[$#@!][A-Za-z0-9_]*\*?)|(?<word>\b(?:rule|meta|strings|condition|import|include|private|global|and|or|not|any|all|of|them|for|in|at|filesize|entrypoint|uint8|uint16|uint32|int8|int16|int32|uint8be|uint16be|uint32be|true|false|ascii|wide|nocase|fullword|xor|base64|defined|none|matches|contains|startswith|endswith)\b)/g;

export function highlightYara(rule: string): Markup {
  const parts: Markup[] = [];
  let end = 0;
  for (const match of rule.matchAll(tokens)) {
    const kind = Object.entries(match.groups!).find(([, text]) => text !== undefined)![0];
    parts.push(html`${rule.slice(end, match.index)}<span class="y-${kind}">${match[0]}</span>`);
    end = match.index + match[0].length;
  }
  return html`${parts}${rule.slice(end)}`;
}
