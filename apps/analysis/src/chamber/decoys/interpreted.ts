import type { Language } from "./language.ts";

const literal = (value: string | number) => (typeof value === "number" ? String(value) : `"${value}"`);

export const python: Language = {
  comment: (text) => `# ${text}`,
  opening: (random) => [
    ...(random.chance(0.5) ? ['"""Small helper."""', ""] : []),
    ...random
      .shuffle(["import sys", "import json", "import math", "import re"])
      .slice(0, random.between(1, 3)),
    "",
  ],
  assign: (name, value) => `${name} = ${literal(value)}`,
  define: (name, random) => [
    "",
    `def ${name}(n):`,
    ...(random.chance(0.4) ? ['    """Gives a small number."""'] : []),
    `    return (n * ${random.between(2, 9)} + ${random.between(1, 99)}) % ${random.between(50, 999)}`,
    "",
  ],
  loop: (name, sum, times) => [`${sum} = 0`, `for i in range(${times}):`, `    ${sum} += ${name}(i)`],
  condition: (sum, limit, text) => [
    `if ${sum} > ${limit}:`,
    `    print("${text}:", ${sum})`,
    "else:",
    `    print("${text} is small")`,
  ],
  table: (name, rows) => [`${name} = {`, ...rows.map(([key, value]) => `    "${key}": ${value},`), "}"],
  print: (text, name) => `print("${text}", ${name})`,
  ending: (random) => (random.chance(0.3) ? ["raise SystemExit(0)"] : []),
};

export const perl: Language = {
  comment: (text) => `# ${text}`,
  opening: () => ["use strict;", "use warnings;", ""],
  assign: (name, value) => `my $${name} = ${typeof value === "number" ? value : `'${value}'`};`,
  define: (name, random) => [
    `sub ${name} {`,
    "    my ($n) = @_;",
    `    return ($n * ${random.between(2, 9)} + ${random.between(1, 99)}) % ${random.between(50, 999)};`,
    "}",
  ],
  loop: (name, sum, times) => [
    `my $${sum} = 0;`,
    `for my $i (0 .. ${times - 1}) {`,
    `    $${sum} += ${name}($i);`,
    "}",
  ],
  condition: (sum, limit, text) => [
    `if ($${sum} > ${limit}) {`,
    `    print "${text}: $${sum}\\n";`,
    "} else {",
    `    print "${text} is small\\n";`,
    "}",
  ],
  table: (name, rows) => [`my %${name} = (`, ...rows.map(([key, value]) => `    ${key} => ${value},`), ");"],
  print: (text, name) => `printf "%s %s\\n", '${text}', $${name};`,
  ending: (random) => (random.chance(0.4) ? ["exit 0;"] : []),
};

export const php: Language = {
  comment: (text) => `// ${text}`,
  opening: (random) => ["<?php", ...(random.chance(0.5) ? ["declare(strict_types=1);"] : []), ""],
  assign: (name, value) => `$${name} = ${typeof value === "number" ? value : `'${value}'`};`,
  define: (name, random) => [
    `function ${name}(int $n): int`,
    "{",
    `    return ($n * ${random.between(2, 9)} + ${random.between(1, 99)}) % ${random.between(50, 999)};`,
    "}",
  ],
  loop: (name, sum, times) => [
    `$${sum} = 0;`,
    `for ($i = 0; $i < ${times}; $i++) {`,
    `    $${sum} += ${name}($i);`,
    "}",
  ],
  condition: (sum, limit, text) => [
    `if ($${sum} > ${limit}) {`,
    `    echo "${text}: ", $${sum}, "\\n";`,
    "} else {",
    `    echo "${text} is small\\n";`,
    "}",
  ],
  table: (name, rows) => [`$${name} = [`, ...rows.map(([key, value]) => `    '${key}' => ${value},`), "];"],
  print: (text, name) => `echo '${text} ', $${name}, "\\n";`,
  ending: (random) => (random.chance(0.3) ? ["exit(0);"] : random.chance(0.3) ? ["?>"] : []),
};

function node(exports: "none" | "commonjs" | "module"): Language {
  return {
    comment: (text) => `// ${text}`,
    opening: (random) =>
      exports === "module"
        ? ['import { basename } from "node:path";', ""]
        : random.chance(0.6)
          ? ['"use strict";', 'const path = require("path");', ""]
          : ["'use strict';", ""],
    assign: (name, value) => `const ${name} = ${literal(value)};`,
    define: (name, random) => [
      `function ${name}(n) {`,
      `  return (n * ${random.between(2, 9)} + ${random.between(1, 99)}) % ${random.between(50, 999)};`,
      "}",
    ],
    loop: (name, sum, times) => [
      `let ${sum} = 0;`,
      `for (let i = 0; i < ${times}; i++) {`,
      `  ${sum} += ${name}(i);`,
      "}",
    ],
    condition: (sum, limit, text) => [
      `if (${sum} > ${limit}) {`,
      `  console.log("${text}:", ${sum});`,
      "} else {",
      `  console.log("${text} is small");`,
      "}",
    ],
    table: (name, rows) => [`const ${name} = {`, ...rows.map(([key, value]) => `  ${key}: ${value},`), "};"],
    print: (text, name) => `console.log("${text}", ${name});`,
    ending: (random, functions) =>
      exports === "commonjs"
        ? [`module.exports = { ${functions.join(", ")} };`]
        : exports === "module" && random.chance(0.5)
          ? [`export { ${functions.join(", ")} };`]
          : [],
  };
}
export const nodeScript = node("none");
export const nodeLibrary = node("commonjs");
export const nodeModule = node("module");
