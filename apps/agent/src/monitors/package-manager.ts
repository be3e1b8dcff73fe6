import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** Answers for a changed file: did this system's package manager put exactly this content there? */
export interface PackageManager {
  /** Paths of `contents` whose content a package manifest vouches for, each with the package's name. */
  vouches(contents: ReadonlyMap<string, Uint8Array>): Promise<Map<string, string>>;
  /** Every path that a package manifest names, with the MD5 digests of the contents that it may have. */
  contents(): Promise<Map<string, string[]>>;
  /** Changes whenever packages may have changed. */
  stamp(): Promise<string>;
  /** True while it is at work: its manifests come after its files. */
  busy(): Promise<boolean>;
}

/** dpkg: manifests are DIR/info/PACKAGE.md5sums, lines of `md5  path` (deb-md5sums(5)). */
export function dpkg(folder = "/var/lib/dpkg"): PackageManager {
  return {
    async vouches(contents) {
      const vouched = new Map<string, string>();
      if (contents.size === 0) return vouched;
      const wanted = new Map<string, string>();
      for (const [path, bytes] of contents) {
        const md5 = createHash("md5").update(bytes).digest("hex");
        for (const name of manifestNames(path)) wanted.set(`${md5}  ${name}`, path);
      }
      const info = join(folder, "info");
      const names = await readdir(info).catch(() => []);
      for (const name of names) {
        if (!name.endsWith(".md5sums")) continue;
        const text = await readFile(join(info, name), "utf8").catch(() => "");
        for (const line of text.split("\n")) {
          const path = wanted.get(line.trimEnd());
          if (path) vouched.set(path, name.slice(0, -".md5sums".length));
        }
        if (vouched.size === contents.size) break;
      }
      return vouched;
    },
    async contents() {
      const found = new Map<string, string[]>();
      const info = join(folder, "info");
      for (const name of await readdir(info).catch(() => [])) {
        if (!name.endsWith(".md5sums")) continue;
        const text = await readFile(join(info, name), "utf8").catch(() => "");
        for (const [, md5, listed] of text.matchAll(/^([0-9a-f]{32}) [ *](?:\.?\/)?(.+)$/gm)) {
          const path = `/${listed!}`;
          found.set(path, [...(found.get(path) ?? []), md5!]);
        }
      }
      return found;
    },
    async stamp() {
      const times = ["status", "info"].map((name) =>
        stat(join(folder, name), { bigint: true }).then(
          ({ mtimeNs }) => String(mtimeNs),
          () => "-",
        ),
      );
      return (await Promise.all(times)).join(" ");
    },
    async busy() {
      try {
        const { ino } = await stat(join(folder, "lock"), { bigint: true });
        const locks = await readFile("/proc/locks", "utf8");
        return new RegExp(`:${ino} `).test(locks);
      } catch {
        return false;
      }
    },
  };
}

/** Names under which a manifest may list a path: with merged /usr the same file has two. */
function manifestNames(path: string): string[] {
  const name = path.slice(1);
  const merged = /^usr\/(bin|sbin|lib|lib32|lib64)\//;
  return merged.test(name) ? [name, name.slice("usr/".length)] : [name];
}
