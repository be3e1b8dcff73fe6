import type { ScriptKind } from "../kind.ts";

/** How a script language writes the few harmless things that bodies consist of. Texts hold no quotes or escapes. */
export interface Dialect {
  comment(text: string): string;
  /** A variable that is set to a text, a number or a list of numbers. */
  text(name: string, value: string): string;
  number(name: string, value: number): string;
  list(name: string, values: readonly number[]): string;
  /** A statement that does nothing. */
  readonly idle: string;
  print(text: string): string;
  /** Between two statements on one line. */
  readonly separator: string;
}

export const dialects: Record<ScriptKind, Dialect> = {
  shell: {
    comment: (text) => `# ${text}`,
    text: (name, value) => `${name}='${value}'`,
    number: (name, value) => `${name}=${value}`,
    list: (name, values) => `${name}='${values.join(" ")}'`,
    idle: ":",
    print: (text) => `printf '%s\\n' '${text}'`,
    separator: "; ",
  },
  python: {
    comment: (text) => `# ${text}`,
    text: (name, value) => `${name} = "${value}"`,
    number: (name, value) => `${name} = ${value}`,
    list: (name, values) => `${name} = [${values.join(", ")}]`,
    idle: "pass",
    print: (text) => `print("${text}")`,
    separator: "; ",
  },
  perl: {
    comment: (text) => `# ${text}`,
    text: (name, value) => `my $${name} = '${value}';`,
    number: (name, value) => `my $${name} = ${value};`,
    list: (name, values) => `my @${name} = (${values.join(", ")});`,
    idle: "1;",
    print: (text) => `print "${text}\\n";`,
    separator: " ",
  },
  node: {
    comment: (text) => `// ${text}`,
    text: (name, value) => `const ${name} = "${value}";`,
    number: (name, value) => `let ${name} = ${value};`,
    list: (name, values) => `const ${name} = [${values.join(", ")}];`,
    idle: "void 0;",
    print: (text) => `console.log("${text}");`,
    separator: " ",
  },
  php: {
    comment: (text) => `// ${text}`,
    text: (name, value) => `$${name} = '${value}';`,
    number: (name, value) => `$${name} = ${value};`,
    list: (name, values) => `$${name} = [${values.join(", ")}];`,
    idle: ";",
    print: (text) => `echo "${text}\\n";`,
    separator: " ",
  },
};
