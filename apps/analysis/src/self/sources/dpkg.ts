import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { labelOfPackage } from "../labels/label.ts";
import { type Candidate, readableByOthers } from "./candidate.ts";

/** Where programs and what belongs to them lie; configuration and state of the machine are no part of self. */
const ROOTS = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32|opt)\//;

/**
 * What dpkg vouches for: the regular files in its lists of MD5 digests (deb-md5sums(5)) that are still there.
 * Whether the content is still the package's is checked when it is read.
 */
export function dpkgCandidates(infoDir = "/var/lib/dpkg/info"): Candidate[] {
  const vouched = vouchedDigests(infoDir);
  const sections = packageSections(join(infoDir, "../status"));
  const folders = new Map<string, string | null>();
  const found = new Map<string, Candidate>();
  for (const [listed, { digests, owner }] of vouched) {
    const path = withoutLinks(listed, folders);
    if (!path) continue;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile() || !readableByOthers(stat.mode)) continue;
    // /bin/x of one package and /usr/bin/x of another may be one file: either digest will do.
    const known = found.get(path)?.vouched ?? [];
    const label = labelOfPackage(path, owner, sections.get(owner) ?? "");
    const all = { vouched: [...known, ...digests], label: found.get(path)?.label ?? label };
    found.set(path, { path, size: stat.size, mtimeMs: stat.mtimeMs, ...all });
  }
  return [...found.values()];
}

interface Vouched {
  readonly digests: string[];
  /** The package that was found first. */
  readonly owner: string;
}

/** Sections of the archive that the installed packages are from (deb-control(5)). */
function packageSections(status: string): Map<string, string> {
  const sections = new Map<string, string>();
  let text = "";
  try {
    text = readFileSync(status, "utf8");
  } catch {}
  for (const [, name, fields] of text.matchAll(/^Package: (\S+)\n((?:.+\n)*)/gm)) {
    const section = /^Section: (?:\S+\/)?(\S+)$/m.exec(fields!);
    if (section) sections.set(name!, section[1]!);
  }
  return sections;
}

function vouchedDigests(infoDir: string): Map<string, Vouched> {
  const vouched = new Map<string, Vouched>();
  let names: string[];
  try {
    names = readdirSync(infoDir).sort();
  } catch {
    return vouched;
  }
  for (const name of names) {
    if (!name.endsWith(".md5sums")) continue;
    const owner = name.replace(/(:[^:]*)?\.md5sums$/, "");
    for (const line of readFileSync(join(infoDir, name), "utf8").split("\n")) {
      const match = /^([0-9a-f]{32}) [ *](.+)$/.exec(line);
      const path = match && `/${match[2]!.replace(/^\.?\//, "")}`;
      if (!path || !ROOTS.test(path)) continue;
      const known = vouched.get(path);
      if (known) known.digests.push(match[1]!);
      else vouched.set(path, { digests: [match[1]!], owner });
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
