import { spawnSync } from "node:child_process";
import { copyFileSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Small files are those of which a thousand weigh as one large. */
const LARGE = 1_000_000;
const SMALL = 64 * 1024;
const LARGEST = 60_000_000;
/** Of the bytes, those of large files. */
const SHARE = 0.75;

/** Copies large and small files, in the order of their names, until there are enough bytes of both. */
export function copyMix(
  from: readonly string[],
  to: string,
  bytes: number,
): { files: number; bytes: number } {
  const left = { large: bytes * SHARE, small: bytes * (1 - SHARE) };
  let files = 0;
  let copied = 0;
  const stack = [...from].reverse();
  for (let path = stack.pop(); path !== undefined && (left.large > 0 || left.small > 0); path = stack.pop()) {
    const facts = lstatSync(path, { throwIfNoEntry: false });
    if (facts?.isDirectory())
      stack.push(
        ...readdirSync(path)
          .sort()
          .reverse()
          .map((name) => join(path, name)),
      );
    if (!facts?.isFile() || facts.size === 0 || facts.size > LARGEST) continue;
    const kind = facts.size >= LARGE ? "large" : facts.size <= SMALL ? "small" : null;
    if (kind === null || left[kind] <= 0) continue;
    left[kind] -= facts.size;
    const target = join(to, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
    files++;
    copied += facts.size;
  }
  return { files, bytes: copied };
}

/** Archives of parts of the files: tar.gz of one part, zip where the tool is there, tar of another. */
export function pack(files: string, to: string): void {
  const parts = readdirSync(join(files, "usr"));
  for (const [at, part] of parts.entries()) {
    const [flag, ending] = at % 2 === 0 ? ["-czf", "tar.gz"] : ["-cf", "tar"];
    const done = spawnSync("tar", [flag!, join(to, `${part}.${ending}`), "-C", join(files, "usr"), part]);
    if (done.status !== 0) throw new Error(`tar failed: ${done.stderr}`);
  }
}
