/**
 * Changes files as fast as one program can, in an order that depends on the seed only. Run as
 * `node burst.ts FOLDER CHANGES prepare|run TRUTH`: `run` writes to TRUTH what must have been told.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { chance } from "../shared/numbers.ts";

/** What is different after a burst: paths with other content, and paths that were there before and are gone. */
export interface Truth {
  readonly changes: number;
  readonly changed: string[];
  readonly gone: string[];
  readonly seconds: number;
}

const [folder, count, step, truthFile] = process.argv.slice(2) as [string, string, string, string];
const changes = Number(count);
const FOLDERS = 100;
/** Shares of the changes: written again, renamed, deleted; the rest is new, half of it in new nested folders. */
const written = Math.floor(changes * 0.3);
const renamed = Math.floor(changes * 0.15);
const deleted = Math.floor(changes * 0.15);
const old = (index: number): string => join(folder, `d${index % FOLDERS}`, `old-${index}`);

if (step === "prepare") {
  for (let index = 0; index < FOLDERS; index++) mkdirSync(join(folder, `d${index}`), { recursive: true });
  for (let index = 0; index < written + renamed + deleted; index++)
    writeFileSync(old(index), `old ${index}\n`);
} else {
  const changed: string[] = [];
  const gone: string[] = [];
  const tasks: (() => void)[] = [];
  for (let index = 0; index < changes; index++) {
    if (index < written)
      tasks.push(() => {
        writeFileSync(old(index), `new content ${index}\n`);
        changed.push(old(index));
      });
    else if (index < written + renamed)
      tasks.push(() => {
        const to = join(folder, `d${(index * 7) % FOLDERS}`, `renamed-${index}`);
        renameSync(old(index), to);
        gone.push(old(index));
        changed.push(to);
      });
    else if (index < written + renamed + deleted)
      tasks.push(() => {
        rmSync(old(index));
        gone.push(old(index));
      });
    else if (index % 2)
      tasks.push(() => {
        const path = join(folder, `d${index % FOLDERS}`, `new-${index}`);
        writeFileSync(path, `new ${index}\n`);
        changed.push(path);
      });
    else
      tasks.push(() => {
        const path = join(
          folder,
          `d${index % FOLDERS}`,
          `n${index >> 4}`,
          `m${(index >> 2) & 3}`,
          `deep-${index}`,
        );
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, `deep ${index}\n`);
        changed.push(path);
      });
  }
  const random = chance(7);
  for (let at = tasks.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [tasks[at], tasks[other]] = [tasks[other]!, tasks[at]!];
  }
  const began = performance.now();
  for (const task of tasks) task();
  const seconds = (performance.now() - began) / 1000;
  const truth: Truth = { changes, changed, gone, seconds };
  writeFileSync(truthFile, JSON.stringify(truth));
  readdirSync(folder);
}
