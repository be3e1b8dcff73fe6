/** How a sample or a decoy is started in the guest, by its content first and then by its type and name. */
import type { FileType } from "@thymus/contracts";

/** Interpreters that the guest has under the names that scripts use. */
const interpreters = [
  "sh",
  "dash",
  "bash",
  "python3",
  "perl",
  "node",
  "php",
  "busybox",
  "mksh",
  "zsh-static",
  "awk",
  "mawk",
  "sed",
];
const byType: Partial<Record<FileType, string>> = {
  shell: "/bin/sh",
  python: "/usr/bin/python3",
  perl: "/usr/bin/perl",
  node: "/usr/bin/node",
  php: "/usr/bin/php",
};
const byExtension: Readonly<Record<string, FileType>> = {
  sh: "shell",
  bash: "shell",
  py: "python",
  pl: "perl",
  js: "node",
  cjs: "node",
  mjs: "node",
  php: "php",
};

/** Whether the guest's kernel can start a file that begins with these bytes by itself. */
export function startsItself(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 256));
  if (bytes.subarray(0, 4).toString("latin1") === "\x7fELF") return true;
  const line = /^#![ \t]*([^\n]*)\n/.exec(bytes.toString("latin1"))?.[1];
  if (line === undefined || line.endsWith("\r")) return false;
  const [program, ...words] = line.trim().split(/[ \t]+/);
  const direct = /^\/(?:usr\/)?bin\/([\w.-]+)$/.exec(program ?? "")?.[1];
  if (direct === "env")
    return words.length > 0 && interpreters.includes(words.at(words[0] === "-S" ? 1 : 0) ?? "");
  return direct !== undefined && interpreters.includes(direct);
}

/** Words before the path that start the file; empty where it starts itself. Bash for what begins with its shebang. */
export function interpreterOf(head: Uint8Array, type: FileType, name: string): string[] {
  if (startsItself(head)) return [];
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const known = byType[type] ? type : byExtension[extension];
  const program = known ? byType[known] : undefined;
  const start = Buffer.from(head.subarray(0, 64)).toString("latin1");
  if (program === "/bin/sh" && /^#!.*bash/.test(start)) return ["/bin/bash"];
  return program ? [program] : [];
}
