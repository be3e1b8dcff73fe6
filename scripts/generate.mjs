// @ts-check
// Writes what is generated from the contracts; with --check it only says what differs. Needs the pinned Node.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles, schemaFolder } from "./lib/generated.mjs";
import { root } from "./lib/root.mjs";

mkdirSync(join(root, schemaFolder), { recursive: true });
const wanted = generatedFiles();
const there = readdirSync(join(root, schemaFolder)).map((file) => `${schemaFolder}/${file}`);
const differing = [...new Set([...there, ...wanted.keys()])].filter(
  (path) => read(path) !== wanted.get(path),
);

if (process.argv.includes("--check")) {
  for (const path of differing) process.stdout.write(`out of step: ${path}\n`);
  if (differing.length > 0) {
    process.stdout.write("to write them anew: npx node scripts/generate.mjs\n");
    process.exitCode = 1;
  }
} else {
  for (const path of differing) {
    const text = wanted.get(path);
    if (text === undefined) rmSync(join(root, path));
    else writeFileSync(join(root, path), text);
    process.stdout.write(`${text === undefined ? "removed" : "wrote"} ${path}\n`);
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}
