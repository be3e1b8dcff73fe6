// @ts-check
// Writes packages/contracts/schemas from the contracts; with --check it only says what differs. Needs the pinned Node.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemaFiles } from "../packages/contracts/src/json-schema.ts";
import { root } from "./lib/root.mjs";

const folder = join(root, "packages/contracts/schemas");
mkdirSync(folder, { recursive: true });
const there = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]));
const wanted = new Map(jsonSchemaFiles().map(({ file, text }) => [file, text]));
const differing = [...new Set([...there.keys(), ...wanted.keys()])].filter(
  (file) => there.get(file) !== wanted.get(file),
);

if (process.argv.includes("--check")) {
  for (const file of differing) process.stdout.write(`out of step: packages/contracts/schemas/${file}\n`);
  if (differing.length > 0) {
    process.stdout.write("to write them anew: npx node scripts/schemas.mjs\n");
    process.exitCode = 1;
  }
} else {
  for (const file of differing) {
    const text = wanted.get(file);
    if (text === undefined) rmSync(join(folder, file));
    else writeFileSync(join(folder, file), text);
    process.stdout.write(`${text === undefined ? "removed" : "wrote"} packages/contracts/schemas/${file}\n`);
  }
}
