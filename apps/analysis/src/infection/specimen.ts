import type { FileType } from "@thymus/contracts";

/** One decoy before and after the sample ran. */
export interface Specimen {
  readonly path: string;
  readonly kind: string;
  /** Type of the clean file. */
  readonly type: FileType;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Type of the infected file; where it is not given it is told from the first bytes. */
  readonly afterType?: FileType;
}

/**
 * Whether there is anything in the changed file: one that was left empty, as by a sample that was ended while it wrote, is
 * damaged, not infected.
 */
export function holdsSomething(specimen: Specimen): boolean {
  return specimen.after.length > 0;
}

/** Files that have the same shape of host: infections of one family rarely cross these. */
export type TypeFamily = "elf64" | "elf32" | "script" | "other";

export function typeFamily(type: FileType): TypeFamily {
  if (type === "elf64" || type === "elf32") return type;
  return type === "archive" || type === "other" || type === "empty" ? "other" : "script";
}

const interpreters: [RegExp, FileType][] = [
  [/\b(ba|da|k|z)?sh\b/, "shell"],
  [/\bpython/, "python"],
  [/\b(node|nodejs|bun|deno)\b/, "node"],
  [/\bperl/, "perl"],
  [/\bphp/, "php"],
];

/** Type of the infected file: as given, else by its magic or interpreter line, else as it was before. */
export function afterTypeOf(specimen: Specimen): FileType {
  if (specimen.afterType !== undefined) return specimen.afterType;
  const { after, before, type } = specimen;
  if (after.length === 0) return "empty";
  if (isElf(after)) return after[4] === 1 ? "elf32" : "elf64";
  const line = firstLine(after);
  if (line.startsWith("#!") && line !== firstLine(before)) {
    return interpreters.find(([pattern]) => pattern.test(line))?.[1] ?? type;
  }
  return isElf(before) ? "other" : type;
}

export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

function firstLine(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 128)).toString("latin1").split("\n", 1)[0]!;
}
