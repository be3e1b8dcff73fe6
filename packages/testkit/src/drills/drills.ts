/** The drill pathogens: inert test programs for our own chamber, and what an analysis of each must find. */
import { join } from "node:path";
import { type FileType, type Mechanism, ThymusError, type Verdict } from "@thymus/contracts";

export { type HarmlessProgram, listHarmless } from "./harmless.ts";

export interface DrillExpectation {
  readonly verdict: Verdict;
  /** How hosts are changed; null where nothing is infected (the content is lost or locked). */
  readonly mechanism: Mechanism | null;
  readonly targets: readonly FileType[];
  /** A sound rule can exist: something constant and unusual is written into every host. */
  readonly detectable: boolean;
  /** Nothing is left in hosts, and the drill itself has enough of its own for a rule that finds it. */
  readonly ownRule?: true;
  /** Every host can be given back byte for byte. */
  readonly repairable: boolean;
  /** An infected host that runs calls the drill again. */
  readonly secondGeneration: boolean;
  /** Exit status of the drill itself in a chamber. */
  readonly exit: number;
}

export interface Drill {
  readonly id: string;
  /** Absolute path of the sample, stored non-executable. */
  readonly file: string;
  readonly type: FileType;
  readonly about: string;
  readonly expect: DrillExpectation;
}

/** Folder of the drill pathogens, each named by its id: what a drill's chamber shows as its programs. */
export const drillProgramsFolder: string = join(import.meta.dirname, "programs");

/** What most drills have in common; each entry below says where it differs. */
const infector = {
  verdict: "infector",
  detectable: true,
  repairable: true,
  secondGeneration: true,
  exit: 0,
} as const;

const drills: readonly Omit<Drill, "file">[] = [
  {
    id: "prepend-sh",
    type: "shell",
    about: "a block with a shebang of its own before shell scripts",
    expect: { ...infector, mechanism: "prepend", targets: ["shell"] },
  },
  {
    id: "insert-sh",
    type: "shell",
    about: "a block behind the shebang of shell scripts",
    expect: { ...infector, mechanism: "insert", targets: ["shell"] },
  },
  {
    id: "append-sh",
    type: "python",
    about: "a block at the end of shell and python programs, its last line different in each",
    expect: { ...infector, mechanism: "append", targets: ["shell", "python"] },
  },
  {
    id: "append-elf",
    type: "python",
    about: "machine code behind ELF programs, a changed program header and entry point",
    expect: { ...infector, mechanism: "append", targets: ["elf64"] },
  },
  {
    id: "cavity-elf",
    type: "python",
    about: "a text in a gap of zeros of ELF programs",
    expect: { ...infector, mechanism: "cavity", targets: ["elf64"], secondGeneration: false },
  },
  {
    id: "insert-js",
    type: "node",
    about: "a snippet behind the imports of JavaScript modules, of both kinds",
    expect: { ...infector, mechanism: "insert", targets: ["node"] },
  },
  {
    id: "insert-php",
    type: "perl",
    about: "a block behind the opening tag of PHP files",
    expect: { ...infector, mechanism: "insert", targets: ["php"] },
  },
  {
    id: "xor-stub",
    type: "python",
    about: "a constant stub in python programs over a text encoded with a new key each time",
    expect: { ...infector, mechanism: "insert", targets: ["python"] },
  },
  {
    id: "overwrite",
    type: "perl",
    about: "the first 512 bytes of scripts are lost",
    expect: {
      ...infector,
      mechanism: "overwrite",
      targets: ["shell", "python", "node", "perl", "php"],
      repairable: false,
    },
  },
  {
    id: "full-encode",
    type: "python",
    about: "a body behind ELF programs of which no byte is constant: no sound rule exists",
    expect: {
      ...infector,
      mechanism: "append",
      targets: ["elf64"],
      detectable: false,
      repairable: false,
      secondGeneration: false,
    },
  },
  {
    id: "encrypt",
    type: "python",
    about: "documents and programs are encrypted in place, half of them renamed, a note is left",
    expect: {
      verdict: "ransomware",
      mechanism: null,
      targets: [],
      detectable: false,
      ownRule: true,
      repairable: false,
      secondGeneration: false,
      exit: 0,
    },
  },
];

/** All drill pathogens. */
export function listDrills(): readonly Drill[] {
  return drills.map((drill) => ({ ...drill, file: join(drillProgramsFolder, drill.id) }));
}

/** Absolute path of the sample of that drill. @throws ThymusError NOT_FOUND */
export function drillFile(id: string): string {
  const drill = listDrills().find((d) => d.id === id);
  if (drill) return drill.file;
  const known = drills.map((d) => d.id).join(", ");
  throw new ThymusError("NOT_FOUND", `there is no drill ${id}`, `choose one of ${known}`);
}
