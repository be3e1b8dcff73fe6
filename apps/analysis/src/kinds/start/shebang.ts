/** The interpreter that a first line names, as a person would have to start it. */

/** Programs of the guest by the names that first lines and people use. */
const inGuest: Readonly<Record<string, string>> = {
  awk: "/usr/bin/awk",
  gawk: "/usr/bin/awk",
  mawk: "/usr/bin/mawk",
  nawk: "/usr/bin/awk",
  ash: "/usr/bin/busybox ash",
  hush: "/usr/bin/busybox hush",
  bash: "/bin/bash",
  rbash: "/bin/bash",
  sh: "/bin/sh",
  dash: "/bin/dash",
  ksh: "/usr/bin/mksh",
  mksh: "/usr/bin/mksh",
  zsh: "/usr/bin/zsh-static",
  perl: "/usr/bin/perl",
  python: "/usr/bin/python3",
  python3: "/usr/bin/python3",
  node: "/usr/bin/node",
  nodejs: "/usr/bin/node",
  php: "/usr/bin/php",
  sed: "/usr/bin/sed",
  make: "",
};

export interface Shebang {
  /** As named, without its folder, e.g. `python3.12`. */
  readonly interpreter: string;
  /** Words that start it in the guest; null where the guest has none. */
  readonly words: readonly string[] | null;
}

/** Null where the text has no such line. */
export function readShebang(text: string): Shebang | null {
  const line = /^#![ \t]*([^\r\n]{1,255})/.exec(text)?.[1]?.trim();
  if (!line) return null;
  const words = line.split(/[ \t]+/);
  let rest = words.slice(1);
  let program = words[0]!.replace(/^.*\//, "");
  if (program === "env") {
    while (rest[0] !== undefined && /^-|^\w+=/.test(rest[0]))
      rest = rest.slice(/^-[uC]$/.test(rest[0]) ? 2 : 1);
    program = (rest[0] ?? "").replace(/^.*\//, "");
    rest = rest.slice(1);
  }
  if (program === "busybox" && rest[0] !== undefined) {
    program = rest[0];
    rest = rest.slice(1);
  }
  const known =
    (Object.hasOwn(inGuest, program) && inGuest[program]) || inGuest[program.replace(/[\d.]+$/, "")];
  return { interpreter: program, words: known ? [...known.split(" "), ...rest] : null };
}

const extensions: Readonly<Record<string, string>> = {
  awk: "/usr/bin/awk -f",
  sed: "/usr/bin/sed -f",
  zsh: "/usr/bin/zsh-static",
  ksh: "/usr/bin/mksh",
  bash: "/bin/bash",
};
/** Languages whose interpreter the guest lacks, by the endings of their files. */
const foreign: Readonly<Record<string, string>> = {
  rb: "Ruby",
  lua: "Lua",
  tcl: "Tcl",
  exp: "Expect",
  ps1: "PowerShell",
  psm1: "PowerShell",
  bat: "Windows batch files",
  cmd: "Windows batch files",
  vbs: "VBScript",
  jse: "Windows script files",
  wsf: "Windows script files",
  hta: "Windows script files",
  java: "Java",
  class: "Java",
  kts: "Kotlin",
  r: "R",
  jl: "Julia",
  ts: "TypeScript",
  scpt: "AppleScript",
  go: "Go",
  rs: "Rust",
  ex: "Elixir",
  exs: "Elixir",
  groovy: "Groovy",
  fish: "fish",
};
const ending = (name: string) => /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";

/** Words for a text of this name that the chamber itself does not know. */
export function wordsByName(name: string): readonly string[] | null {
  const found = Object.hasOwn(extensions, ending(name)) ? extensions[ending(name)] : undefined;
  return found ? found.split(" ") : null;
}

export function foreignLanguage(name: string): string | null {
  return (Object.hasOwn(foreign, ending(name)) && foreign[ending(name)]) || null;
}
