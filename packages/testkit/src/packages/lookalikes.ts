/** Honest packages that do what worms of packages do, for good reasons: a verdict must clear them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PackageSource } from "./worms/worms.ts";

export interface PackageLookalike {
  readonly id: string;
  readonly about: string;
  /** Sources of the package. */
  sources(): PackageSource[];
  /** Words that start it in its own folder, where installing it does not. */
  readonly start: readonly string[] | null;
}

const folder = join(import.meta.dirname, "lookalikes");
const text = (path: string, content: string): PackageSource => ({ path, content: Buffer.from(content) });
const program = (path: string, file: string): PackageSource => ({
  path,
  content: readFileSync(join(folder, file)),
});
const manifest = (fields: Record<string, unknown>): PackageSource =>
  text("package.json", `${JSON.stringify({ version: "0.3.1", license: "MIT", ...fields }, null, 2)}\n`);

const lookalikes: readonly PackageLookalike[] = [
  {
    id: "release-own",
    about: "publishes its own package with the user's token, as the user asked",
    start: ["node", "release.js"],
    sources: () => [
      manifest({ name: "harbour-notes", main: "index.js", bin: { "release-notes": "release.js" } }),
      text("index.js", '"use strict";\nmodule.exports = [];\n'),
      program("release.js", "release.js"),
    ],
  },
  {
    id: "build-on-install",
    about: "joins its own sources when it is installed",
    start: null,
    sources: () => [
      manifest({
        name: "orchard-parts",
        main: "dist/index.js",
        scripts: { postinstall: "node build-on-install.js" },
      }),
      text("src/a.js", "const apples = (count) => count * 2;\n"),
      text("src/b.js", "module.exports = { apples };\n"),
      program("build-on-install.js", "build-on-install.js"),
    ],
  },
  {
    id: "registry-of",
    about: "reads the registry's name in the user's settings and prints it",
    start: ["node", "registry-of.js"],
    sources: () => [
      manifest({ name: "which-registry-here", bin: { "which-registry-here": "registry-of.js" } }),
      program("registry-of.js", "registry-of.js"),
    ],
  },
];

export const listPackageLookalikes = (): readonly PackageLookalike[] => lookalikes;
