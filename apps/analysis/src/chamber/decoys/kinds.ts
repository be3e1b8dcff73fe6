/** The kinds of decoy programs. A new kind is one line here. */
import type { FileType } from "@thymus/contracts";
import { writeElf } from "./elf-writer.ts";
import { nodeLibrary, nodeModule, nodeScript, perl, php, python } from "./interpreted.ts";
import type { Language } from "./language.ts";
import type { PoolProgram } from "./pool.ts";
import type { SeededRandom } from "./random.ts";
import { randomShape, writeScript } from "./script.ts";
import { bash, sh } from "./shell.ts";
import { noun, verb } from "./words.ts";

/** What a kind makes: bytes of its own, or a program of the pool (which keeps its name). */
export type Made =
  | { readonly content: Buffer; readonly name: string; readonly executable: boolean }
  | { readonly program: PoolProgram };

export interface DecoyKind {
  readonly type: FileType;
  readonly kind: string;
  /** How many of about 60 a set has; never fewer. */
  readonly share: number;
  /** `turn` counts what the kind made for this set so far. */
  readonly make: (random: SeededRandom, pool: readonly PoolProgram[], turn: number) => Made;
}

const scriptName = (random: SeededRandom, extension: string) => `${verb(random)}-${noun(random)}${extension}`;

/** Programs above this size count as large, in bytes. */
const LARGE = 60_000;

function fromPool(
  type: "elf64" | "elf32",
  kind: string,
  share: number,
  fits: (program: PoolProgram) => boolean,
): DecoyKind {
  const bits = type === "elf64" ? 64 : 32;
  return {
    type,
    kind,
    share,
    make: (random, pool) => {
      const fitting = pool.filter((program) => program.bits === bits && fits(program));
      if (fitting.length > 0) return { program: random.pick(fitting) };
      return { content: writeElf(random, bits, 9000), name: scriptName(random, ""), executable: true };
    },
  };
}

/**
 * What the sizes of linked programs leave over, divided by 16: they end with a table of words. Nearly all real programs of one
 * distribution leave the same, and a set with none but these would not show what an infection does to any other.
 */
const leftOver = { elf64: [8, 0], elf32: [8, 0, 4, 12] } as const;

function generated(type: "elf64" | "elf32", share: number): DecoyKind {
  return {
    type,
    kind: "static-small",
    share,
    make: (random, _pool, turn) => {
      const size = random.pick([1500, 4000, 9000, 16_000]);
      const over = leftOver[type][turn % leftOver[type].length]!;
      return {
        content: writeElf(random, type === "elf64" ? 64 : 32, size, over),
        name: scriptName(random, ""),
        executable: true,
      };
    },
  };
}

function script(
  type: FileType,
  kind: string,
  share: number,
  language: Language,
  shebangs: readonly (string | null)[],
  extensions: readonly string[],
): DecoyKind {
  return {
    type,
    kind,
    share,
    make: (random) => {
      const shape = randomShape(random, shebangs, type !== "shell");
      return {
        content: writeScript(random, language, shape),
        // Without a shebang only its name tells what it is.
        name: scriptName(random, shape.shebang === null ? extensions.at(-1)! : random.pick(extensions)),
        executable: true,
      };
    },
  };
}

export const decoyKinds: readonly DecoyKind[] = [
  fromPool("elf64", "dynamic-small", 4, (program) => !program.static && program.size <= LARGE),
  fromPool("elf64", "dynamic-large", 2, (program) => !program.static && program.size > LARGE),
  fromPool("elf64", "static-large", 1, (program) => program.static),
  generated("elf64", 3),
  fromPool("elf32", "dynamic-small", 2, (program) => !program.static),
  generated("elf32", 4),
  script(
    "shell",
    "sh",
    5,
    sh,
    ["#!/bin/sh", "#!/bin/sh", "#!/bin/sh -e", "#!/usr/bin/env sh", null],
    ["", ".sh"],
  ),
  script(
    "shell",
    "bash",
    5,
    bash,
    ["#!/bin/bash", "#!/usr/bin/env bash", "#!/usr/bin/bash"],
    ["", ".sh", ".bash"],
  ),
  script("python", "python", 6, python, ["#!/usr/bin/python3", "#!/usr/bin/env python3", null], ["", ".py"]),
  script(
    "perl",
    "perl",
    5,
    perl,
    ["#!/usr/bin/perl", "#!/usr/bin/env perl", "#!/usr/bin/perl -w", null],
    ["", ".pl"],
  ),
  script("node", "commonjs", 4, nodeScript, ["#!/usr/bin/env node", "#!/usr/bin/node", null], [".js"]),
  script("node", "module", 4, nodeModule, ["#!/usr/bin/env node", null], [".mjs"]),
  {
    type: "node",
    kind: "library",
    share: 4,
    make: (random) => ({
      content: writeScript(random, nodeLibrary, randomShape(random, [null], true)),
      name: `lib/${noun(random)}-${noun(random)}/index.js`,
      executable: false,
    }),
  },
  script("php", "php", 5, php, ["#!/usr/bin/php", "#!/usr/bin/env php", null, null], [".php"]),
];
