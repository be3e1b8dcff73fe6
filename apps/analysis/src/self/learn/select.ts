import type { FileType } from "@thymus/contracts";

/** As many files as this stay in self, however small the limit of bytes, if the machine has them. */
export const WANTED_FILES = 20_000;
/** Share of the bytes that programs and scripts may take before the other types get theirs. */
const PROGRAM_SHARE = 0.9;

const programs: ReadonlySet<FileType> = new Set(["elf64", "elf32", "shell", "python", "node", "perl", "php"]);

export interface Selectable {
  readonly path: string;
  readonly size: number;
  readonly type: FileType;
}

/**
 * Which files stay when all together exceed the limit: the smallest ones up to {@link WANTED_FILES}, then programs and
 * scripts, then the rest, each small first. Depends on nothing but its arguments.
 * @returns the paths that stay
 */
export function selectFiles(
  files: readonly Selectable[],
  maxBytes: number,
  wanted = WANTED_FILES,
): Set<string> {
  const ordered = [...files].sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1));
  const chosen = new Set<string>();
  let left = maxBytes;
  const take = (from: readonly Selectable[], limit: number) => {
    for (const { path, size } of from) {
      if (size > limit || size > left) break;
      if (chosen.has(path)) continue;
      chosen.add(path);
      left -= size;
      limit -= size;
    }
  };
  take(ordered.slice(0, wanted), left);
  const isProgram = ({ type }: Selectable) => programs.has(type);
  take(ordered.filter(isProgram), Math.floor(left * PROGRAM_SHARE));
  take(
    ordered.filter((file) => !isProgram(file)),
    left,
  );
  take(ordered, left);
  return chosen;
}
