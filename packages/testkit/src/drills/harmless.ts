/** Ordinary programs that change or make files as honest software does. Each may run anywhere. */
import { join } from "node:path";
import type { FileType } from "@thymus/contracts";

export interface HarmlessProgram {
  readonly id: string;
  /** Absolute path, stored non-executable. */
  readonly file: string;
  readonly type: FileType;
  readonly about: string;
}

const folder = join(import.meta.dirname, "harmless");

const programs: readonly Omit<HarmlessProgram, "file">[] = [
  { id: "installer", type: "shell", about: "installs two programs and a profile line" },
  { id: "log-rotator", type: "shell", about: "writes, renames and compresses its own logs" },
  {
    id: "unpacker",
    type: "shell",
    about: "unpacks the archive behind its last line and runs what was in it",
  },
  { id: "compiler", type: "python", about: "makes ELF, JavaScript and bytecode from its own sources" },
  { id: "backup", type: "python", about: "packs the home folder into one archive" },
  { id: "formatter", type: "node", about: "rewrites its own JSON files in place" },
  { id: "updater", type: "node", about: "replaces its own installed program" },
  { id: "config-editor", type: "perl", about: "edits its own settings in place" },
  { id: "file-index", type: "perl", about: "reads every file's head and keeps an index" },
];

/** All harmless programs. They do not carry the drill mark. */
export function listHarmless(): readonly HarmlessProgram[] {
  return programs.map((program) => ({ ...program, file: join(folder, program.id) }));
}
