import type { Heuristic } from "../../monitors/static-heuristics.ts";

interface Habits {
  readonly walks: RegExp;
  readonly writes: RegExp;
  readonly self: RegExp;
}

const habits: Readonly<Record<string, Habits>> = {
  shell: {
    walks: /\bfor\s+\w+\s+in\s+[^\n;]*\*|\bfind\s+|\bls\s+[^\n]*\|\s*while/,
    writes: />>?\s*"?\$|\bcat\s[^\n]*>|\bsed\s+-i|\bmv\s|\bcp\s|\btee\s|\bdd\s/,
    self: /\$0\b|\$\{0\}|\bBASH_SOURCE\b/,
  },
  python: {
    walks: /\bos\.(?:walk|listdir|scandir)\b|\bglob\b|\biterdir\b/,
    writes:
      /open\s*\([^)\n]*["'](?:w|a|r\+|wb|ab|r\+b|rb\+|wb\+)["']|write_(?:text|bytes)|shutil\.(?:copy|move)/,
    self: /\b__file__\b|\bsys\.argv\[0\]|\binspect\.getsource/,
  },
  node: {
    walks: /\breaddir(?:Sync)?\b|\bopendir(?:Sync)?\b|\bglob(?:Sync)?\s*\(/,
    writes: /\b(?:writeFile|appendFile|copyFile|rename)(?:Sync)?\b|createWriteStream/,
    self: /\b__filename\b|\bimport\.meta\b|\bprocess\.argv\[1\]/,
  },
  perl: {
    walks: /\bopendir\b|\breaddir\b|\bglob\b|<\*|\bFile::Find\b/,
    writes: /\bopen\b[^;\n]*["']\+?>{1,2}|\brename\b|\bFile::Copy\b/,
    self: /\$0\b|\b__FILE__\b/,
  },
  php: {
    walks: /\bglob\s*\(|\bscandir\s*\(|\bDirectoryIterator\b|\bopendir\s*\(/,
    writes: /\bfile_put_contents\s*\(|\bfopen\s*\([^)\n]*["'](?:w|a|r\+)|\brename\s*\(|\bcopy\s*\(/,
    self: /\b__FILE__\b|\bSCRIPT_(?:NAME|FILENAME)\b/,
  },
};

/** Signs that programs are what it is after. */
const targets =
  /#!|\\x7f\s*ELF|\\177ELF|\bELF\b|\bS_IX|\bX_OK\b|-perm\s|\[\s+-x\s|\btest\s+-x\s|0o?[0-7]?755\b|\*\.(?:sh|py|js|pl|php)\b/;
const LOOKED_AT = 1 << 20;

/** A script that walks through folders and writes into programs, taking itself along: the build of a virus. */
export const programWriter: Heuristic = {
  name: "program-writer",
  // Installers and build tools do it too: alone it does not make a case.
  weight: 0.5,
  find(bytes, type) {
    const habit = habits[type];
    if (!habit) return null;
    const text = bytes.toString("latin1", 0, LOOKED_AT);
    // The interpreter line of the script itself is no sign.
    const body = text.replace(/^#![^\n]*\n/, "");
    const all =
      habit.walks.test(body) && habit.writes.test(body) && habit.self.test(body) && targets.test(body);
    return all ? "it walks through folders and writes into programs, and reads itself" : null;
  },
};
