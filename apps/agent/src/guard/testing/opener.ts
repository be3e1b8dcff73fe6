/**
 * Another program of the machine: writes a new file, opens it, and opens an old one, again and again in the folder that it is
 * given, until its input ends. Prints how often, and the longest single call in milliseconds.
 */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

const folder = process.argv[2]!;
const known = `${folder}/old`;
writeFileSync(known, "an old file\n");
const bytes = Buffer.alloc(64);
let longest = 0;
let count = 0;
let going = true;

function timed(call: () => void): void {
  const before = performance.now();
  call();
  longest = Math.max(longest, performance.now() - before);
}

function turn(): void {
  const path = `${folder}/new-${count % 50}`;
  for (const each of [path, known]) {
    if (each === path) timed(() => writeFileSync(path, `file ${count}\n`));
    timed(() => {
      const fd = openSync(each, "r");
      readSync(fd, bytes, 0, bytes.length, 0);
      closeSync(fd);
    });
  }
  count++;
  if (going) setTimeout(turn, 1);
  else process.stdout.write(`${JSON.stringify({ count, longest })}\n`);
}

process.stdin.on("end", () => {
  going = false;
});
process.stdin.resume();
process.stdout.write("ready\n");
turn();
