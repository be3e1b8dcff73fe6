/** The words and figures of the page. */
import type {
  ChamberInfo,
  FileType,
  ImmunizeReport,
  Infection,
  Kinship,
  RunFacts,
  Severity,
  Verdict,
} from "@thymus/contracts";

export const verdictWords: Readonly<Record<Verdict, string>> = {
  infector: "It infects other programs",
  ransomware: "It encrypts files for ransom",
  wiper: "It destroys files",
  dropper: "It plants other programs",
  worm: "It spreads to other machines",
  thief: "It steals secrets",
  harmless: "It harmed nothing here",
  unknown: "It is not understood",
};

/** In words, and how far up a scale of four it stands. */
export const severityWords: Readonly<Record<Severity, { words: string; level: 0 | 1 | 2 | 3 | 4 }>> = {
  none: { words: "No harm seen", level: 0 },
  low: { words: "Low severity", level: 1 },
  medium: { words: "Medium severity", level: 2 },
  high: { words: "High severity", level: 3 },
  critical: { words: "Critical severity", level: 4 },
};

export const typeWords: Readonly<Record<FileType, string>> = {
  elf64: "64-bit program (ELF)",
  elf32: "32-bit program (ELF)",
  shell: "shell script",
  python: "Python script",
  node: "JavaScript for Node.js",
  perl: "Perl script",
  php: "PHP script",
  npm: "npm package",
  archive: "archive",
  text: "text",
  empty: "empty file",
  other: "other data",
};
/** A type that this version has no words for keeps its own name. */
export const typeWord = (type: string): string => typeWords[type as FileType] ?? type;

export const chamberWords: Readonly<Record<ChamberInfo["kind"], string>> = {
  "qemu-kvm": "virtual machine (QEMU, KVM)",
  "qemu-tcg": "virtual machine (QEMU, emulated processor)",
  bwrap: "namespaces and seccomp (bubblewrap)",
};
export const trustWords: Readonly<Record<ChamberInfo["trust"], string>> = {
  isolated: "isolated: a kernel of its own",
  "shared-kernel": "weaker: shares this machine's kernel",
};

export const mechanismWords: Readonly<Record<Infection["mechanism"], string>> = {
  prepend: "puts itself before the host's own content",
  append: "puts itself after the host's own content",
  insert: "puts itself into the middle of the host",
  cavity: "hides in gaps of the host",
  overwrite: "overwrites parts of the host",
  encode: "keeps the host in an encoded form",
  mixed: "changes its hosts in several ways",
};

export const endedWords: Readonly<Record<RunFacts["ended"], string>> = {
  exited: "ended by itself",
  timeout: "still running when its time was over",
  "host-timeout": "the chamber had to be stopped",
};

/** `1 file`, `12 files`; digits in groups of three. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${grouped(number)} ${number === 1 ? one : many}`;

export const grouped = (number: number): string => number.toLocaleString("en-US");

/** Bytes as a person says them. */
export function size(bytes: number): string {
  if (bytes < 10_000) return count(bytes, "byte");
  const unit = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let index = 0;
  while (value >= 999.5 && index < unit.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit[index]}`;
}

export const seconds = (value: number): string => `${value.toFixed(value < 100 ? 2 : 0)} s`;

/** A sentence: first letter large, a full stop at its end. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  return `${trimmed[0]!.toUpperCase()}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? "" : "."}`;
}

export function kinshipWords(kinship: Kinship): string {
  const { similarity, members, generalised, coveredBy } = kinship;
  const cure = generalised
    ? ", the prescription finds them too"
    : coveredBy
      ? `, found by ${coveredBy} of before`
      : "";
  return `A variant: ${Math.round(similarity * 100)} % alike; ${count(members, "earlier sample")} of the family${cure}`;
}

export const infectionWords = (infection: NonNullable<ImmunizeReport["infection"]>): string =>
  `It ${mechanismWords[infection.mechanism]}${
    infection.targets.length > 0 ? ` (hosts: ${infection.targets.map(typeWord).join(", ")})` : ""
  }; ${count(infection.invariantBytes, "byte")} stay the same in ${count(infection.variants, "variant")}.`;
