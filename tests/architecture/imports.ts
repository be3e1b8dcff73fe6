import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync } from "oxc-parser";

/** One import of one file: what is named, and in which line. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

const skipped = new Set(["node_modules", "golden", "fixtures", "schemas"]);
const source = /\.(ts|tsx|mts|mjs|js|jsx)$/;

/** Source files below the given folders of a tree, relative to its top; a folder that is not there has none. */
export function sourceFiles(top: string, folders: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (skipped.has(entry.name) || entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && source.test(entry.name)) found.push(relative(top, path));
    }
  };
  for (const folder of folders) {
    try {
      walk(join(top, folder));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return found.sort();
}

/**
 * Every module that a file names: imports, re-exports, types, and dynamic imports of a literal.
 * @throws Error when the file does not parse
 */
export function importsOf(top: string, file: string): Import[] {
  const text = readFileSync(join(top, file), "utf8");
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  const found: Import[] = [];
  for (const { moduleRequest } of module.staticImports)
    found.push({ specifier: moduleRequest.value, line: lineAt(moduleRequest.start) });
  for (const { entries } of module.staticExports)
    for (const { moduleRequest } of entries)
      if (moduleRequest) found.push({ specifier: moduleRequest.value, line: lineAt(moduleRequest.start) });
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^["'`]([^"'`$]+)["'`]$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal) found.push({ specifier: literal[1]!, line: lineAt(moduleRequest.start) });
  }
  return found;
}
