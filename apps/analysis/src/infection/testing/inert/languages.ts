import type { FileType } from "@thymus/contracts";

/** How harmless statements are written in one language. Whatever is written only sets variables and calls what does nothing. */
export interface Language {
  readonly type: FileType;
  readonly comment: string;
  /** Ends a statement where no line ends. */
  readonly separator: string;
  /** Between the parts of a text that was split. */
  readonly join: string;
  /** Blanks may stand around operators. */
  readonly blanks: boolean;
  quote(text: string): string;
  number(value: number, form: number): string;
  /** Sets a variable to what is given, as written. */
  set(name: string, value: string, space: string): string;
  /** A variable, where it is read. */
  read(name: string): string;
  /** A record of members and values. */
  record(members: readonly (readonly [string, string])[], space: string): string;
  /** Takes values and does nothing with them. */
  idle(values: readonly string[], space: string): string;
  /** Offset at which statements may stand, before everything else that runs. */
  start(text: string): number;
}

const afterShebang = (text: string) => /^(#!.*\n)?/.exec(text)![0].length;
const decimal = (value: number, form: number) => (form === 0 ? String(value) : `0x${value.toString(16)}`);
const quoted = (text: string) => `"${text}"`;

const shell: Language = {
  ...{ type: "shell", comment: "#", separator: ";", join: "", blanks: false },
  quote: quoted,
  number: (value) => String(value),
  set: (name, value) => `${name}=${value}`,
  read: (name) => `"$${name}"`,
  record: (members) => `"${members.map(([key, value]) => `${key}:${value.replace(/["']/g, "")}`).join(",")}"`,
  idle: (values) => `true ${values.join(" ")}`,
  start: afterShebang,
};

const python: Language = {
  ...{ type: "python", comment: "#", separator: ";", join: "+", blanks: true },
  quote: quoted,
  number: decimal,
  set: (name, value, space) => `${name}${space}=${space}${value}`,
  read: (name) => name,
  record: (members, space) =>
    `{${members.map(([key, value]) => `"${key}":${space}${value}`).join(`,${space}`)}}`,
  idle: (values, space) => `str((${values.join(`,${space}`)},))`,
  start: (text) => /^(#!.*\n)?(#.*coding.*\n)?/.exec(text)![0].length,
};

const node: Language = {
  ...{ type: "node", comment: "//", separator: ";", join: "+", blanks: true },
  quote: quoted,
  number: decimal,
  set: (name, value, space) => `var ${name}${space}=${space}${value}`,
  read: (name) => name,
  record: (members, space) =>
    `{${members.map(([key, value]) => `${key}:${space}${value}`).join(`,${space}`)}}`,
  idle: (values, space) => `void [${values.join(`,${space}`)}]`,
  start: (text) => /^(#!.*\n)?("use strict";?\n)?/.exec(text)![0].length,
};

const perl: Language = {
  ...{ type: "perl", comment: "#", separator: ";", join: ".", blanks: true },
  quote: (text) => `'${text}'`,
  number: decimal,
  set: (name, value, space) => `my $${name}${space}=${space}${value}`,
  read: (name) => `$${name}`,
  record: (members, space) =>
    `{${members.map(([key, value]) => `${key}${space}=>${space}${value}`).join(`,${space}`)}}`,
  idle: (values, space) => `scalar(${values.join(`,${space}`)})`,
  start: afterShebang,
};

const php: Language = {
  ...{ type: "php", comment: "//", separator: ";", join: ".", blanks: true },
  quote: (text) => `'${text}'`,
  number: decimal,
  set: (name, value, space) => `$${name}${space}=${space}${value}`,
  read: (name) => `$${name}`,
  record: (members, space) =>
    `[${members.map(([key, value]) => `'${key}'${space}=>${space}${value}`).join(`,${space}`)}]`,
  idle: (values, space) => `count([${values.join(`,${space}`)}])`,
  start: (text) => {
    const found = /<\?php\s/.exec(text);
    return found === null ? -1 : found.index + found[0].length;
  },
};

export const languages: readonly Language[] = [shell, python, node, perl, php];
