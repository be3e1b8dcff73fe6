import { existsSync } from "node:fs";
import { join } from "node:path";
import { families } from "../corpora/families.ts";
import { openPackers, type Packer } from "../corpora/packer.ts";
import type { Build, Good } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import type { Row } from "../run/row.ts";
import { familyRows, type Program } from "./families.ts";
import { hosts } from "./hosts.ts";

/** Clean programs that are packed, too: what a rule must not hit although it has seen their packer. */
const OTHERS = 100;

/** Tier C: packed programs. A rule that rests on the packer hits every other packed program. */
export async function tierC(context: Context): Promise<Row[]> {
  const packers = await openPackers(context.say);
  const newest = [...packers.keys()].sort().at(-1)!;
  const packed = (version: string, builds: readonly Build[]): Program[] =>
    builds.flatMap((build) => {
      const to = join(context.data, "packed", version, build.sha256);
      if (!packers.get(version)!(build.path, to)) return [];
      return [{ name: `${build.name} packed by ${version}`, path: to, type: build.type }];
    });
  const goodware = packedGoodware(context, packers);
  const rows: Row[] = [];
  for (const { name } of families) {
    const own = context.builds.filter(
      ({ family, name: build }) => family === name && build.endsWith("amd64"),
    );
    const unseen = own.filter(({ part }) => part === "newest");
    const older = Object.fromEntries(
      [...packers.keys()].map((version) => [`newest, packed by ${version}`, packed(version, unseen)]),
    );
    const strangers = context.builds.filter(
      ({ family, part, name: build }) => family !== name && part !== "elsewhere" && build.endsWith("amd64"),
    );
    const samples = packed(
      newest,
      own.filter(({ part }) => part === "train"),
    );
    if (samples.length === 0) {
      context.say(`C ${name}: the packer packs none of its builds; left out`);
      continue;
    }
    rows.push(
      ...(await familyRows(context, {
        ...{ tier: "C", name, family: name, samples, unseen: { ...older, "newest, unpacked": unseen } },
        others: [...[...packers.keys()].flatMap((version) => packed(version, strangers)), ...goodware],
      })),
    );
  }
  return rows;
}

export function packedGoodware(context: Context, packers: ReadonlyMap<string, Packer>): Program[] {
  const found: Program[] = [];
  const accepts = ({ type, path, size }: Good) => type === "elf64" && size > 20_000 && /\/s?bin\//.test(path);
  for (const host of hosts(context.dev, accepts)) {
    for (const [version, pack] of packers) {
      const name = host.path.slice(host.path.lastIndexOf("/") + 1);
      const to = join(context.data, "packed", version, `${name}-${host.bytes.length}`);
      if ((existsSync(to) || pack(host.path, to)) && found.length < OTHERS)
        found.push({ name: `${name} packed by ${version}`, path: to, type: host.type });
    }
    if (found.length >= OTHERS) break;
  }
  return found;
}
