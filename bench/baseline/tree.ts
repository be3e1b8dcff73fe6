import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Larger files are left out of the tree: it is about many files. Bytes. */
const MOST = 8 << 20;

/** Files and folders by the same names in the same order on the same machine. */
function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && statSync(path).size <= MOST) yield path;
  }
}

/** Copies of this machine's packages' files until there are `files` of them; made once. */
export function copiedTree(folder: string, files: number, source: string): string {
  const tree = join(folder, `tree-${files}`);
  const done = join(folder, `tree-${files}.done`);
  if (existsSync(done)) return tree;
  rmSync(tree, { recursive: true, force: true });
  let made = 0;
  for (let copy = 0; made < files; copy++) {
    const before = made;
    let last = "";
    for (const path of filesBelow(source)) {
      if (made === files) break;
      const to = join(tree, `copy-${copy}`, path);
      const below = to.slice(0, to.lastIndexOf("/"));
      if (below !== last) mkdirSync(below, { recursive: true });
      last = below;
      copyFileSync(path, to);
      made++;
    }
    if (made === before) throw new Error(`${source} has no files`);
  }
  writeFileSync(done, "");
  return tree;
}

/** Small files, 100 in a folder, every twentieth a script; made once. */
export function smallTree(folder: string, files: number): string {
  const tree = join(folder, `small-${files}`);
  const done = join(folder, `small-${files}.done`);
  if (existsSync(done)) return tree;
  rmSync(tree, { recursive: true, force: true });
  for (let number = 0; number < files; number++) {
    const below = join(tree, `a${Math.floor(number / 10_000)}`, `b${Math.floor(number / 100) % 100}`);
    if (number % 100 === 0) mkdirSync(below, { recursive: true });
    const script = number % 20 === 0;
    const content = script ? `#!/bin/sh\n# tool ${number}\nexit 0\n` : `some text ${number}\n`;
    writeFileSync(join(below, `file-${number % 100}.${script ? "sh" : "txt"}`), content);
  }
  writeFileSync(done, "");
  return tree;
}
