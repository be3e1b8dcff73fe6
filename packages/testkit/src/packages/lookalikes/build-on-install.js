// Joins its own sources into one file, as packages do that are built where they are installed.
const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const parts = readdirSync(join(__dirname, "src"))
  .filter((name) => name.endsWith(".js"))
  .sort();
const text = parts.map((name) => readFileSync(join(__dirname, "src", name), "utf8")).join("\n");
mkdirSync(join(__dirname, "dist"), { recursive: true });
writeFileSync(join(__dirname, "dist", "index.js"), `"use strict";\n${text}`);
console.log(`joined ${parts.length} files`);
