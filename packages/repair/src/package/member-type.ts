/** The type of a package's member. By its path, as the runtime takes it: recipes of members are written for these types. */

import { extname } from "node:path/posix";
import type { FileType } from "@thymus/contracts";
import { isElf } from "../elf.ts";

const endings: Readonly<Record<string, FileType>> = {
  ".js": "node",
  ".cjs": "node",
  ".mjs": "node",
  ".sh": "shell",
  ".py": "python",
  ".pl": "perl",
  ".php": "php",
};

export function memberType(path: string, content: Uint8Array): FileType {
  if (content.length === 0) return "empty";
  if (isElf(content)) return content[4] === 1 ? "elf32" : "elf64";
  const ending = extname(path).toLowerCase();
  if (Object.hasOwn(endings, ending)) return endings[ending]!;
  return content.includes(0) ? "other" : "text";
}
