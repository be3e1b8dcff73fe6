/** How one file is started as its victim would start it. */
import type { FileType } from "@thymus/contracts";
import { closedArchive } from "@thymus/detection";
import { interpreterOf, startsItself } from "../../chamber/run/command.ts";
import { commandsOf } from "./command-lines.ts";
import { type ElfFacts, readElf } from "./elf.ts";
import { type Language, languageOf } from "./language.ts";
import { libraryStarts } from "./library.ts";
import { foreignLanguage, readShebang, wordsByName } from "./shebang.ts";

/** Commands in order, each as words; `itself` where the chamber starts the file without more. */
export interface Starts {
  readonly kind: string;
  readonly commands: readonly (readonly string[])[];
  readonly itself: boolean;
}
export type OneStart = Starts | { readonly refused: string };

/** Linux takes no longer word of a command (MAX_ARG_STRLEN). */
const MAX_WORD = 100_000;

const loaders = new Set(["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2", "/lib/ld-linux-x86-64.so.2"]);
const interpreters: Readonly<Record<Language, string>> = {
  shell: "/bin/bash",
  python: "/usr/bin/python3",
  perl: "/usr/bin/perl",
  node: "/usr/bin/node",
  php: "/usr/bin/php",
};
const names: Partial<Record<FileType, string>> = {
  shell: "shell script",
  python: "Python script",
  node: "JavaScript program",
  perl: "Perl script",
  php: "PHP script",
};

/** What is no program of this system, by its first bytes. */
const strangers: readonly { magic: string; what: string }[] = [
  { magic: "MZ", what: "a Windows or DOS program" },
  { magic: "\xcf\xfa\xed\xfe", what: "a macOS program" },
  { magic: "\xce\xfa\xed\xfe", what: "a macOS program" },
  { magic: "\xca\xfe\xba\xbe", what: "a Java class or a macOS program" },
  { magic: "\xd0\xcf\x11\xe0", what: "an old Office document or Windows installer" },
  { magic: "dex\n", what: "an Android program" },
  { magic: "\0asm", what: "a WebAssembly module" },
  { magic: "%PDF-", what: "a PDF document" },
  { magic: "\x4c\0\0\0\x01\x14\x02\0", what: "a Windows shortcut" },
];

/**
 * @param path word that names the file in the guest: absolute, or `{sample}`
 * @param self word by which a program is started that starts itself
 */
export function startOne(
  bytes: Uint8Array,
  name: string,
  type: FileType,
  path: string,
  self: string,
): OneStart {
  if (bytes.length === 0) return { refused: "an empty file starts nothing" };
  if (type === "elf64" || type === "elf32") return startElf(bytes, name, path, self);
  if (/\.node$/.test(name) && type === "other") return { refused: "a damaged add-on for node" };
  const text = Buffer.from(bytes.subarray(0, 1 << 20)).toString("utf8");
  const plain = { itself: false } as const;
  const first = readShebang(text);
  if (first) {
    const kind = names[type] ?? `${first.interpreter} script`;
    if (startsItself(bytes)) return { kind, commands: [[self]], itself: true };
    const words = first.words ?? interpreterOf(bytes, type, name);
    if (words.length === 0) return { refused: `no interpreter for ${first.interpreter} scripts here` };
    return { kind, commands: [[...words, path]], ...plain };
  }
  if (names[type])
    return { kind: names[type], commands: [[...interpreterOf(bytes, type, name), path]], itself: true };
  const shut = closedArchive(bytes);
  if (shut) return { refused: `${shut} archives cannot be opened here` };
  const head = Buffer.from(bytes.subarray(0, 8)).toString("latin1");
  const stranger = strangers.find(({ magic }) => head.startsWith(magic));
  if (stranger) return { refused: `${stranger.what} cannot be started here` };
  const language = foreignLanguage(name);
  if (language) return { refused: `no interpreter for ${language} here` };
  if (type !== "text") return { refused: `a file of type ${type} cannot be started here` };
  return startText(text, name, path);
}

function startText(text: string, name: string, path: string): OneStart {
  const itself = false;
  const words = wordsByName(name);
  if (words) return { kind: `${/[^.]*$/.exec(name)![0]} script`, commands: [[...words, path]], itself };
  const commands = commandsOf(text);
  if (commands)
    return {
      kind: commands.kind,
      commands: commands.lines.slice(0, 6).map((line) => ["/bin/bash", "-c", line, "bash"]),
      itself,
    };
  const language = languageOf(text);
  if (!language) return { refused: "a text that holds no commands" };
  // Node takes a file without an ending for a script, never for a module.
  const module =
    /^[ \t]*(import\s.+\sfrom\s|export\s)/m.test(text.slice(0, 65_536)) && !/\brequire\(/.test(text);
  if (language === "node" && module && text.length < MAX_WORD)
    return {
      kind: "JavaScript module",
      commands: [["/usr/bin/node", "--input-type=module", "-e", text, "--"]],
      itself,
    };
  return { kind: names[language]!, commands: [[interpreters[language], path]], itself };
}

function startElf(bytes: Uint8Array, name: string, path: string, self: string): OneStart {
  const facts = readElf(bytes, name);
  if (!facts) return { refused: "a damaged ELF file" };
  const refused = refusalOf(facts);
  if (refused) return { refused };
  const bits = `${facts.bits}-bit`;
  if (facts.kind === "library")
    return {
      kind: `${bits} shared object`,
      commands: libraryStarts(bytes, name, facts, path),
      itself: false,
    };
  return { kind: `${bits} program`, commands: [[self]], itself: true };
}

function refusalOf({ kind, native, machine, bits, loader }: ElfFacts): string | null {
  if (!native) return `a program for ${machine} (${bits} bit), which this chamber's processor does not run`;
  if (kind === "kernel-module") return "a kernel module: the chamber loads none";
  if (kind === "object") return "an object file that is not linked: nothing in it can be started";
  if (kind === "core") return "a core dump, not a program";
  if (kind === "other") return "an ELF file of a kind that is not started";
  if (loader === "") return "a program that is cut off before the name of its loader: it could not run";
  if (loader !== null && !loaders.has(loader))
    return `a program that needs the loader ${loader}, which is not here`;
  return null;
}
