import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE_MANAGER } from "@thymus/analysis";
import type { Config } from "@thymus/contracts";

/**
 * Goodware where nobody names any: what the package manager vouches for, and the libraries of this installation, whose
 * content its lockfile vouches for.
 */
export function goodwareSources(config: Config, named: readonly string[] = []): string[] {
  if (named.length > 0) return named.map((path) => resolve(path));
  if (config.analysis.goodware.length > 0) return config.analysis.goodware;
  const locked = join(dirname(fileURLToPath(import.meta.url)), "../../../node_modules/.pnpm");
  return [PACKAGE_MANAGER, ...(existsSync(locked) ? [locked] : [])];
}
