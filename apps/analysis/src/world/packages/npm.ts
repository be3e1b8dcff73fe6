import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { phrase } from "../../chamber/decoys/words.ts";
import { type TreeFile, WORLD_NOW } from "../part.ts";
import { type SmallFunction, smallFunctions } from "./functions.ts";
import { days, license, type Release, type SourcePackage, text, versions } from "./package.ts";

interface Draft {
  readonly random: SeededRandom;
  readonly name: string;
  readonly owner: string;
  readonly functions: readonly SmallFunction[];
  readonly dependencies: Readonly<Record<string, string>>;
}

/** How a package is built: what package.json says beside the usual, and its files beside README and licence. */
interface Shape {
  readonly scoped?: boolean;
  make(draft: Draft): { readonly manifest: Record<string, unknown>; readonly files: readonly TreeFile[] };
}

const define = ({ name, about, parameters, body }: SmallFunction, before = "") =>
  `/** ${about} */\n${before}function ${name}(${parameters}) {\n${body.map((line) => `  ${line}\n`).join("")}}\n`;
const names = (draft: Draft) => draft.functions.map((one) => one.name).join(", ");
const commonJs = (draft: Draft) =>
  `'use strict';\n\n${draft.functions.map((one) => define(one)).join("\n")}\nmodule.exports = { ${names(draft)} };\n`;
const module = (draft: Draft) => draft.functions.map((one) => define(one, "export ")).join("\n");
const checks = (draft: Draft) =>
  draft.functions
    .map(
      (one) =>
        `test('${one.name}', () => {\n  assert.deepEqual(${one.name}(${one.given}), ${one.expected});\n});\n`,
    )
    .join("\n");
const commonJsTest = (draft: Draft, from: string) =>
  `'use strict';\n\nconst assert = require('node:assert');\nconst test = require('node:test');\nconst { ${names(draft)} } = require('${from}');\n\n${checks(draft)}`;
const moduleTest = (draft: Draft, from: string) =>
  `import assert from 'node:assert';\nimport test from 'node:test';\nimport { ${names(draft)} } from '${from}';\n\n${checks(draft)}`;
const types = (draft: Draft) =>
  draft.functions
    .map(
      (one) =>
        `/** ${one.about} */\nexport function ${one.name}(${one.parameters.replace(/\w+/g, "$&: any")}): any;\n`,
    )
    .join("");
const short = (name: string) => name.replace(/^.*\//, "");

const shapes: readonly Shape[] = [
  {
    make: (draft) => ({
      manifest: { main: "index.js", scripts: { test: "node --test" } },
      files: [
        text("index.js", commonJs(draft)),
        text("test/index.test.js", commonJsTest(draft, "../index.js")),
      ],
    }),
  },
  {
    make: (draft) => ({
      manifest: {
        type: "module",
        exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
        scripts: { test: "node --test", prepublishOnly: "node --test" },
        engines: { node: ">=18" },
      },
      files: [
        text("index.js", module(draft)),
        text("index.d.ts", types(draft)),
        text("test.js", moduleTest(draft, "./index.js")),
      ],
    }),
  },
  {
    make: (draft) => ({
      manifest: {
        main: "index.js",
        bin: { [short(draft.name)]: "bin/cli.js" },
        scripts: { test: "node test.js" },
      },
      files: [
        text("index.js", commonJs(draft)),
        text(
          "bin/cli.js",
          `#!/usr/bin/env node\n'use strict';\n\nconst tools = require('../index.js');\nconst [name, ...words] = process.argv.slice(2);\n\nif (!Object.hasOwn(tools, name)) {\n  console.error('usage: ${short(draft.name)} ${draft.functions.map((one) => one.name).join("|")} ...');\n  process.exit(2);\n}\nconsole.log(tools[name](...words));\n`,
          true,
        ),
        text("test.js", commonJsTest(draft, "./index.js")),
      ],
    }),
  },
  {
    scoped: true,
    make: (draft) => ({
      manifest: {
        main: "lib/index.js",
        files: ["lib"],
        publishConfig: { access: "public" },
        scripts: { test: "node --test" },
      },
      files: [
        ...draft.functions.map((one) =>
          text(`lib/${one.name}.js`, `'use strict';\n\n${define(one)}\nmodule.exports = ${one.name};\n`),
        ),
        text(
          "lib/index.js",
          `'use strict';\n\n${draft.functions.map((one) => `exports.${one.name} = require('./${one.name}.js');\n`).join("")}`,
        ),
      ],
    }),
  },
  {
    make: (draft) => ({
      manifest: {
        main: "index.js",
        scripts: { postinstall: "node scripts/postinstall.js", test: "node test.js" },
      },
      files: [
        text("index.js", commonJs(draft)),
        text("test.js", commonJsTest(draft, "./index.js")),
        text(
          "scripts/postinstall.js",
          `'use strict';\n\nif (!process.env.CI) console.log('${draft.name}: ${phrase(draft.random, 5)}');\n`,
        ),
      ],
    }),
  },
  {
    // No scripts at all, one file.
    make: (draft) => ({ manifest: {}, files: [text("index.js", commonJs(draft))] }),
  },
  {
    make: (draft) => ({
      manifest: {
        type: "module",
        main: "dist/index.cjs",
        module: "src/index.js",
        exports: { ".": { import: "./src/index.js", require: "./dist/index.cjs" } },
        sideEffects: false,
        scripts: { test: "node --test test/", build: "node build.js" },
      },
      files: [
        text("src/index.js", module(draft)),
        text(
          "dist/index.cjs",
          commonJs(draft)
            .replaceAll(/^ +/gm, "")
            .replaceAll(/\/\*\*.*\*\/\n/g, ""),
        ),
        text(
          "build.js",
          "import { readFileSync, writeFileSync } from 'node:fs';\n\nconst source = readFileSync('src/index.js', 'utf8');\nconst names = [...source.matchAll(/^export function (\\w+)/gm)].map((match) => match[1]);\nconst body = source.replaceAll('export function', 'function');\nwriteFileSync('dist/index.cjs', \"'use strict';\\n\" + body + 'module.exports = { ' + names.join(', ') + ' };\\n');\n",
        ),
        text("test/all.js", moduleTest(draft, "../src/index.js")),
      ],
    }),
  },
  {
    scoped: true,
    make: (draft) => ({
      manifest: {
        type: "module",
        exports: "./index.js",
        bin: "./cli.js",
        keywords: draft.functions.map((one) => one.name.toLowerCase()),
        scripts: { start: "node cli.js", test: "node --test" },
      },
      files: [
        text("index.js", module(draft)),
        text(
          "cli.js",
          `#!/usr/bin/env node\nimport * as tools from './index.js';\n\nconst [name = 'help', ...words] = process.argv.slice(2);\nconsole.log(name in tools ? tools[name](...words) : Object.keys(tools).join('\\n'));\n`,
          true,
        ),
        text("test/index.test.js", moduleTest(draft, "../index.js")),
      ],
    }),
  },
];

export const npmShapes = shapes.length;

function readMe(draft: Draft, version: string, about: string): string {
  const list = draft.functions.map((one) => `* \`${one.name}(${one.parameters})\`: ${one.about}`).join("\n");
  return `# ${draft.name}\n\n${about}\n\n    npm install ${draft.name}\n\n## Functions\n\n${list}\n\n## Changes\n\n${version}: ${phrase(draft.random, 6)}\n\nMIT\n`;
}

export interface NpmOptions {
  readonly name: string;
  /** Folder of the sources below the home folder. */
  readonly folder: string;
  /** Account that publishes it. */
  readonly owner: string;
  /** Which of the shapes, from 0. */
  readonly shape: number;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package with its published versions: each a little more than the one before, as a library grows. */
export function npmPackage(random: SeededRandom, options: NpmOptions): SourcePackage {
  const shape = shapes[options.shape % shapes.length]!;
  const name = shape.scoped ? `@${options.owner}/${options.name}` : options.name;
  const about = `${phrase(random, 4)} ${phrase(random, 3)}.`.replace(/^./, (letter) => letter.toUpperCase());
  const list = versions(random);
  const dates = days(random, list.length, WORLD_NOW);
  const functions = random.shuffle(smallFunctions).slice(0, 2 + list.length);
  const releases = list.map((version, index): Release => {
    const draft: Draft = {
      random: random.fork(version),
      name,
      owner: options.owner,
      functions: functions.slice(0, 3 + index),
      dependencies: options.dependencies ?? {},
    };
    const { manifest, files } = shape.make(draft);
    const whole = {
      name,
      version,
      description: about,
      ...manifest,
      ...(Object.keys(draft.dependencies).length > 0 ? { dependencies: draft.dependencies } : {}),
      repository: { type: "git", url: `git+https://github.com/${options.owner}/${options.name}.git` },
      author: options.owner,
      license: "MIT",
    };
    return {
      version,
      at: dates[index]!,
      message: index === 0 ? "First version" : `${version}: ${draft.functions.at(-1)!.name}`,
      files: [
        text("package.json", `${JSON.stringify(whole, null, 2)}\n`),
        text("README.md", readMe(draft, version, about)),
        text("LICENSE", license(options.owner)),
        ...files,
      ],
    };
  });
  return { name, folder: options.folder, releases };
}
