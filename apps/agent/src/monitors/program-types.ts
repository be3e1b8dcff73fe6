import type { FileType } from "@thymus/contracts";

const programs: ReadonlySet<FileType> = new Set(["elf64", "elf32", "shell", "python", "node", "perl", "php"]);

export function isProgram(type: FileType): boolean {
  return programs.has(type);
}
