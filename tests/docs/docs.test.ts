import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { generatedFiles } from "../../scripts/lib/generated.mjs";

const root = join(import.meta.dirname, "../..");
const git = (...args: string[]) =>
  execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).split("\0");
const pages = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md").filter(
  (path) => path !== "" && existsSync(join(root, path)),
);
const read = (path: string) => readFileSync(join(root, path), "utf8");

test("what is generated is in step (else: npx node scripts/generate.mjs)", () => {
  for (const [path, text] of generatedFiles()) assert.equal(read(path), text, path);
});

test("every link inside the project leads somewhere", () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^(https?|mailto):|^#/.test(target))
      .filter((target) => !existsSync(join(root, dirname(page), target.split("#")[0]!)))
      .map((target) => `${page}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("every decision has its line in the list", () => {
  const files = readdirSync(join(root, "docs/adr")).filter((file) => /^\d{4}-/.test(file));
  for (const file of files) assert.ok(read("docs/adr/README.md").includes(`(${file})`), file);
  assert.equal(new Set(files.map((file) => file.slice(0, 4))).size, files.length, "a number is used twice");
});

/** Names of the verbs in the help of `thymus WORDS...`. */
function verbsOf(...words: string[]): string[] {
  const help = execFileSync(process.execPath, [join(root, "apps/cli/src/main.ts"), ...words, "--help"], {
    encoding: "utf8",
  });
  const list = help.split(/^Commands:$/m)[1] ?? "";
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb!).filter((verb) => verb !== "help");
}

test("docs/interface.md names every verb that exists, and no other as if it did", () => {
  const section = read("docs/interface.md").split("## Verbs")[1]!.split("*Planned:*")[0]!;
  const told = new Set([...section.matchAll(/^ {4}thymus ([a-z]+)/gm)].map(([, verb]) => verb!));
  assert.deepEqual([...told].sort(), verbsOf().sort());
});
