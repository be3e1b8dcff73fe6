import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FileType } from "@thymus/contracts";
import { random } from "../../../apps/analysis/src/infection/testing/random.ts";
import { families } from "../corpora/families.ts";
import { openPackers } from "../corpora/packer.ts";
import type { Good } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import type { Row } from "../run/row.ts";
import { packedGoodware } from "./c.ts";
import { familyRows, type Program } from "./families.ts";
import { hosts } from "./hosts.ts";

/** Tier F: what is said to be one family and is none, or is goodware: every rule made of it is wrong. */
export async function tierF(context: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, samples] of Object.entries(await unfit(context))) {
    rows.push(
      ...(await familyRows(context, {
        ...{ tier: "F", name, family: "none", samples, unseen: {} },
        others: context.builds.filter(({ path }) => !samples.some((sample) => sample.path === path)),
      })),
    );
  }
  return rows;
}

async function unfit(context: Context): Promise<Record<string, Program[]>> {
  const dice = random(20_261_123);
  const made = (label: string, type: FileType, files: readonly Buffer[]): Program[] =>
    files.map((bytes, i) => {
      const path = join(context.data, "unfit", label, `${i}`);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, bytes);
      return { name: `${label} ${i}`, path, type };
    });
  const some = (files: readonly Good[], count: number, accepts: (file: Good) => boolean): Program[] => {
    const found: Program[] = [];
    const sources = new Set<string>();
    for (const host of hosts(files, accepts)) {
      const source = files.find(({ path }) => path === host.path)!.source;
      if (sources.has(source)) continue;
      sources.add(source);
      found.push({ name: host.path.slice(host.path.lastIndexOf("/") + 1), path: host.path, type: host.type });
      if (found.length === count) break;
    }
    return found;
  };
  const elf = ({ type, path, architecture }: Good) =>
    type === "elf64" && architecture === "amd64" && /\/s?bin\//.test(path);
  const script = (wanted: FileType) => (file: Good) => file.type === wanted;
  const oneOfEach = families
    .slice(0, 5)
    .map(({ name }) => context.builds.find(({ family }) => family === name)!);
  const twoAndTwo = [5, 6].map((i) => context.builds.find(({ family }) => family === families[i]!.name)!);
  const packed = packedGoodware(context, await openPackers(context.say));
  return {
    "random bytes": made(
      "random",
      "other",
      Array.from({ length: 5 }, () => dice.bytes(20_000)),
    ),
    "random bytes behind one usual head": made(
      "salted",
      "other",
      Array.from({ length: 5 }, () => Buffer.concat([Buffer.from("Salted__"), dice.bytes(9000)])),
    ),
    zeros: made(
      "zeros",
      "other",
      [4000, 8000, 12_000].map((size) => Buffer.alloc(size)),
    ),
    "tiny texts": made(
      "tiny",
      "text",
      ["a\n", "b\n", "yes\n"].map((text) => Buffer.from(text)),
    ),
    "five programs of five families": oneOfEach,
    "two programs of two families": twoAndTwo,
    "five clean programs that self knows": some(context.train, 5, elf),
    "one clean program that self knows": some(context.train, 1, elf),
    "five clean programs that self does not know": some(context.dev, 5, elf),
    "five clean programs, packed": packed.filter(({ name }) => /packed by 4/.test(name)).slice(0, 5),
    "five unrelated shell scripts": some(context.dev, 5, script("shell")),
    "five unrelated Python scripts": some(context.dev, 5, script("python")),
    "five unrelated Perl scripts": some(context.dev, 5, script("perl")),
    "three Python scripts that self knows": some(context.train, 3, script("python")),
  };
}
