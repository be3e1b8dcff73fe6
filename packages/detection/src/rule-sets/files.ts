/** The rule files below a path, with what they include put in. Nothing outside of the folder that was named is read. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ThymusError } from "@thymus/contracts/errors";

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 16;
const MAX_FILES = 50_000;
const RULE_FILE = /\.(yara?|rules?)$/i;
const INCLUDE = /^[ \t]*include[ \t]+"([^"\n]+)"[^\n]*$/gm;

export interface RuleFile {
  /** Relative to what was named. */
  readonly name: string;
  readonly text: string;
}

export interface ReadRules {
  readonly files: RuleFile[];
  /** What could not be read, one line each. */
  readonly warnings: string[];
}

/** @throws ThymusError NOT_FOUND, UNREADABLE, TOO_LARGE of the path itself */
export function readRuleFiles(path: string): ReadRules {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (!facts)
    throw new ThymusError("NOT_FOUND", `${path} does not exist`, "name a rule file or a folder of rules");
  const top = realpathSync(facts.isDirectory() ? path : dirname(path));
  const warnings: string[] = [];
  const reader = new Reader(top, warnings);
  if (!facts.isDirectory())
    return {
      files: [{ name: relative(top, realpathSync(path)), text: reader.whole(realpathSync(path)) }],
      warnings,
    };
  const texts = new Map<string, string>();
  for (const file of below(top)) {
    try {
      texts.set(file, reader.whole(file));
    } catch (error) {
      warnings.push(`${relative(top, file)}: ${(error as Error).message}`);
    }
  }
  // An index that includes all others must not double them.
  const files = startsOf([...texts.keys()], reader.includes);
  return { files: files.map((file) => ({ name: relative(top, file), text: texts.get(file)! })), warnings };
}

/** The files from which all others are reached by includes; of a ring of includes the first. */
function startsOf(files: readonly string[], includes: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reached = new Set<string>();
  const reach = (file: string) => {
    for (const next of includes.get(file) ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      reach(next);
    }
  };
  const included = new Set([...includes.values()].flatMap((targets) => [...targets]));
  const starts = files.filter((file) => !included.has(file));
  for (const file of starts) reach(file);
  for (const file of files) {
    if (starts.includes(file) || reached.has(file)) continue;
    starts.push(file);
    reach(file);
  }
  return starts.sort();
}

function below(top: string): string[] {
  const found: string[] = [];
  const stack = [top];
  for (let folder = stack.pop(); folder !== undefined && found.length < MAX_FILES; folder = stack.pop())
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !entry.name.startsWith(".")) stack.push(join(folder, entry.name));
      else if (entry.isFile() && RULE_FILE.test(entry.name)) found.push(join(folder, entry.name));
    }
  return found.sort();
}

class Reader {
  /** By file: those that it names itself. */
  readonly includes = new Map<string, Set<string>>();
  readonly #top: string;
  readonly #warnings: string[];

  constructor(top: string, warnings: string[]) {
    this.#top = top;
    this.#warnings = warnings;
  }

  /** A file with its includes in their places; one that was there before in the same whole is left out. */
  whole(file: string): string {
    return this.#expand(file, new Set([file]), 0);
  }

  #expand(file: string, seen: Set<string>, depth: number): string {
    const size = statSync(file).size;
    if (size > MAX_FILE_BYTES)
      throw new ThymusError(
        "TOO_LARGE",
        `${file} has more than ${MAX_FILE_BYTES} bytes`,
        "split the rules into smaller files",
      );
    const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
    return text.replace(INCLUDE, (_, named: string) => {
      const target = this.#resolve(file, named);
      if (target === null || depth >= MAX_DEPTH) {
        this.#warnings.push(
          `${relative(this.#top, file)}: the include of ${named} is left out: ${target === null ? "it is not in the folder of the rules" : "too deep"}`,
        );
        return "";
      }
      if (target !== file) this.includes.set(file, (this.includes.get(file) ?? new Set()).add(target));
      if (seen.has(target)) return "";
      seen.add(target);
      return this.#expand(target, seen, depth + 1);
    });
  }

  /** Where an include leads: beside the file, or from the folder that was named; never out of that. */
  #resolve(file: string, named: string): string | null {
    for (const from of [dirname(file), this.#top]) {
      try {
        const target = realpathSync(resolve(from, named.replaceAll("\\", "/")));
        if (target.startsWith(this.#top + sep) && statSync(target).isFile()) return target;
      } catch {
        // Not there.
      }
    }
    return null;
  }
}
