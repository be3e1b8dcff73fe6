import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Candidate, readableByOthers } from "./candidate.ts";

/** Where programs and what belongs to them lie; configuration and state of the machine are no part of self. */
const ROOTS = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32|opt)\//;

/**
 * What dpkg vouches for: the regular files in its lists of MD5 digests (deb-md5sums(5)) that are still there.
 * Whether the content is still the package's is checked when it is read.
 */
export function dpkgCandidates(infoDir = "/var/lib/dpkg/info"): Candidate[] {
  const vouched = vouchedDigests(infoDir);
  const folders = new Map<string, string | null>();
  const found = new Map<string, Candidate>();
  for (const [listed, digests] of vouched) {
    const path = withoutLinks(listed, folders);
    if (!path) continue;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile() || !readableByOthers(stat.mode)) continue;
    // /bin/x of one package and /usr/bin/x of another may be one file: either digest will do.
    const known = found.get(path)?.vouched ?? [];
    found.set(path, { path, size: stat.size, mtimeMs: stat.mtimeMs, vouched: [...known, ...digests] });
  }
  return [...found.values()];
}

function vouchedDigests(infoDir: string): Map<string, string[]> {
  const vouched = new Map<string, string[]>();
  let names: string[];
  try {
    names = readdirSync(infoDir).sort();
  } catch {
    return vouched;
  }
  for (const name of names) {
    if (!name.endsWith(".md5sums")) continue;
    for (const line of readFileSync(join(infoDir, name), "utf8").split("\n")) {
      const match = /^([0-9a-f]{32}) [ *](.+)$/.exec(line);
      const path = match && `/${match[2]!.replace(/^\.?\//, "")}`;
      if (!path || !ROOTS.test(path)) continue;
      const digests = vouched.get(path);
      if (digests) digests.push(match[1]!);
      else vouched.set(path, [match[1]!]);
    }
  }
  return vouched;
}

/** `/bin/x` is `/usr/bin/x` where /bin is a link; each folder is asked once. */
function withoutLinks(path: string, folders: Map<string, string | null>): string | null {
  const folder = dirname(path);
  let real = folders.get(folder);
  if (real === undefined) {
    try {
      real = realpathSync(folder);
    } catch {
      real = null;
    }
    folders.set(folder, real);
  }
  return real === null ? null : join(real, basename(path));
}
