import type { Language } from "./language.ts";

const common = {
  comment: (text: string) => `# ${text}`,
  assign: (name: string, value: string | number) =>
    `${name}=${typeof value === "number" ? value : `'${value}'`}`,
  condition: (sum: string, limit: number, text: string) => [
    `if [ "$${sum}" -gt ${limit} ]; then`,
    `  echo "${text}: $${sum}"`,
    "else",
    `  echo "${text} is small"`,
    "fi",
  ],
  print: (text: string, name: string) => `printf '%s %s\\n' '${text}' "$${name}"`,
};

/** POSIX sh. */
export const sh: Language = {
  ...common,
  opening: (random) =>
    random.chance(0.5) ? ["set -u"] : random.chance(0.4) ? ["LC_ALL=C", "export LC_ALL"] : [],
  define: (name, random) => [
    `${name}() {`,
    `  ${name}_v=$(( ($1 * ${random.between(2, 9)} + ${random.between(1, 99)}) % ${random.between(50, 999)} ))`,
    "}",
  ],
  loop: (name, sum, times) => [
    `${sum}=0`,
    "i=0",
    `while [ "$i" -lt ${times} ]; do`,
    `  ${name} "$i"`,
    `  ${sum}=$(( ${sum} + ${name}_v ))`,
    "  i=$(( i + 1 ))",
    "done",
  ],
  table: (name, rows) => [
    `${name}() {`,
    "  case $1 in",
    ...rows.map(([key, value]) => `  ${key}) echo ${value} ;;`),
    "  *) echo 0 ;;",
    "  esac",
    "}",
  ],
  ending: (random) => (random.chance(0.4) ? ["exit 0"] : []),
};

export const bash: Language = {
  ...common,
  opening: (random) => (random.chance(0.6) ? ["set -euo pipefail"] : []),
  define: (name, random) => [
    `${random.chance(0.5) ? "function " : ""}${name}() {`,
    `  local n=$1`,
    `  ${name}_v=$(( (n ** 2 + ${random.between(1, 99)}) % ${random.between(50, 999)} ))`,
    "}",
  ],
  loop: (name, sum, times) => [
    `${sum}=0`,
    `for (( i = 0; i < ${times}; i++ )); do`,
    `  ${name} "$i"`,
    `  ${sum}=$(( ${sum} + ${name}_v ))`,
    "done",
  ],
  table: (name, rows) => [`declare -A ${name}=(`, ...rows.map(([key, value]) => `  [${key}]=${value}`), ")"],
  ending: (random) => (random.chance(0.4) ? ["exit 0"] : []),
};
