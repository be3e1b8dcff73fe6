import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chance } from "../shared/numbers.ts";

/**
 * Generated rules, the same strings in each tool's form: YARA in the form that this project writes, the same as a file that nobody knows
 * the form of (a comment is enough), and ClamAV's extended signatures.
 */
export function writeRules(folder: string, count: number) {
  const next = chance(7);
  const strings = Array.from({ length: count }, () =>
    Array.from({ length: 3 }, () =>
      Array.from({ length: 16 + Math.floor(next() * 24) }, () => Math.floor(next() * 256)),
    ),
  );
  const hex = (bytes: readonly number[], between: string) =>
    bytes.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(between);
  const yara = strings.map(
    (three, at) =>
      `rule generated_${at} {\n  meta:\n    family = "bench.f${at}"\n  strings:\n${three
        .map((bytes, index) => `    $a${index} = { ${hex(bytes, " ")} }\n`)
        .join("")}  condition:\n    any of ($a*)\n}\n`,
  );
  const clam = strings.flatMap((three, at) =>
    three.map((bytes, index) => `Bench.F${at}-${index}:0:*:${hex(bytes, "").toLowerCase()}\n`),
  );
  const named = { own: "own.yar", foreign: "foreign.yar", clam: "bench.ndb" };
  const paths = Object.fromEntries(
    Object.entries(named).map(([name, file]) => [name, join(folder, file)]),
  ) as Record<keyof typeof named, string>;
  writeFileSync(paths.own, yara.join("\n"));
  writeFileSync(paths.foreign, `// as it came\n${yara.join("\n")}`);
  writeFileSync(paths.clam, clam.join(""));
  return { ...paths, count };
}
