import { fromText, toText } from "../bytes.ts";
import type { BlindKind, Random, ScriptKind } from "../kind.ts";

const interpreters: Record<ScriptKind, RegExp> = {
  shell: /^#!.*\b(?:ba|da|k|z)?sh\b/,
  python: /^#!.*\bpython/,
  perl: /^#!.*\bperl/,
  node: /^#!.*\bnode\b/,
  php: /^#!.*\bphp/,
};

/** Whether a text may be a script of the kind: its first line says so, or there is no such line that says otherwise. */
export function suits(text: string, kind: ScriptKind): boolean {
  if (text.length === 0 || text.includes("\0") || text.startsWith("\x7fELF")) return false;
  if (text.startsWith("#!") && !interpreters[kind].test(text.slice(0, text.indexOf("\n") + 1))) return false;
  return kind !== "php" || /<\?php\s/.test(text);
}

/** Where the first line, if it names the interpreter, ends; 0 without one. A first line without an end is refused. */
export function afterShebang(text: string): number {
  return text.startsWith("#!") ? text.indexOf("\n") + 1 : 0;
}

export interface ScriptChange {
  readonly id: string;
  readonly scriptKind: ScriptKind;
  readonly what: string;
  readonly constant: BlindKind["constant"];
  readonly gaps?: true;
  /** The infected text, or null; one character per byte. */
  change(text: string, random: Random): string | null;
  /** Its inverse, where there is one. */
  undo?(text: string): string;
}

export function scriptKind({ change, undo, ...about }: ScriptChange): BlindKind {
  return {
    ...about,
    hosts: "script",
    keepsBytes: undo !== undefined,
    infect: (host, random) => {
      const text = toText(host);
      const infected = suits(text, about.scriptKind) ? change(text, random) : null;
      return infected === null ? null : fromText(infected);
    },
    ...(undo && { restore: (infected) => fromText(undo(toText(infected))) }),
  };
}

/** A change that puts text at one place; `find` sees the text without or with it and says where; `measure` how long it is. */
export function insertion(
  about: Omit<ScriptChange, "change" | "undo">,
  find: (text: string) => number,
  write: (random: Random) => string,
  measure: (from: string) => number,
): BlindKind {
  return scriptKind({
    ...about,
    change: (text, random) => {
      const at = find(text);
      return at < 0 ? null : text.slice(0, at) + write(random) + text.slice(at);
    },
    undo: (text) => {
      const at = find(text);
      return text.slice(0, at) + text.slice(at + measure(text.slice(at)));
    },
  });
}

/** How many characters the first `count` lines take. */
export function lengthOfLines(text: string, count: number): number {
  let at = 0;
  for (let i = 0; i < count; i++) at = text.indexOf("\n", at) + 1;
  return at;
}
