/** Rule files from outside: bounded, and an include reaches no further than the folder of the file that was named. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { parseRules } from "../syntax/parse.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_INCLUDES = 256;

export interface LoadedFile {
  readonly path: string;
  /** Includes are part of it, each on the line of its statement. */
  readonly text: string;
}

/** @throws ThymusError NOT_FOUND, UNREADABLE, NOT_A_FILE, TOO_LARGE, TOO_MANY, RULE_INVALID */
export function loadRuleFile(path: string): LoadedFile {
  const bounds = { folder: dirname(real(path)), bytes: 0, includes: 0 };
  return { path, text: withIncludes(real(path), bounds, []) };
}

function withIncludes(
  path: string,
  bounds: { folder: string; bytes: number; includes: number },
  above: readonly string[],
): string {
  const refuse = (why: string) =>
    new ThymusError("RULE_INVALID", `${path}: ${why}`, "put the included file beside the rules");
  if (above.includes(path)) throw refuse("it includes itself");
  if (++bounds.includes > MAX_INCLUDES)
    throw new ThymusError("TOO_MANY", `${path}: more than ${MAX_INCLUDES} includes`, "split the rules");
  const stat = statSync(path);
  if (!stat.isFile()) throw new ThymusError("NOT_A_FILE", `${path} is no regular file`, "name rule files");
  bounds.bytes += stat.size;
  if (bounds.bytes > MAX_BYTES)
    throw new ThymusError("TOO_LARGE", `${path}: more than ${MAX_BYTES} bytes of rules`, "split the rules");
  let text = readFileSync(path, "utf8");
  const includes = parseRules(text).statements.filter(({ what }) => what === "include");
  for (const { value, start, end } of includes.reverse()) {
    const target = real(join(dirname(path), value));
    if (!`${target}${sep}`.startsWith(`${bounds.folder}${sep}`))
      throw refuse(`the include of ${JSON.stringify(value)} leaves the folder`);
    text = text.slice(0, start) + withIncludes(target, bounds, [...above, path]) + text.slice(end);
  }
  return text;
}

/** With every link followed. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ThymusError(
      code === "ENOENT" ? "NOT_FOUND" : "UNREADABLE",
      `${path} cannot be read (${code})`,
      "check the path",
      { cause },
    );
  }
}
