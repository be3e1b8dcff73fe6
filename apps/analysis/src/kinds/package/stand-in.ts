/**
 * Stand-ins for what a package depends on: without them an installer ends before it runs anything of the sample. They do
 * nothing, and let everything be done with them.
 */
import { gzipSync } from "node:zlib";
import type { RegistryPackage } from "../../chamber/chamber.ts";
import { type TarInput, writeTar } from "../../chamber/run/tar.ts";

/** Most stand-ins of one plan. */
const MAX = 60;
const npmName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;

export const isNpmName = (name: string) => name.length <= 214 && npmName.test(name);

export function packNpm(files: readonly { path: string; mode: number; content: Uint8Array }[]): Buffer {
  const entries: TarInput[] = files.map((file) => ({ ...file, path: `package/${file.path}`, uid: 0 }));
  return gzipSync(Buffer.concat([...writeTar(entries)]), { level: 1 });
}

/** A version that satisfies most ranges that look like this: the first one that stands in it, made whole. */
export function versionFor(range: string): string {
  const found = /(\d{1,9})(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(-[0-9A-Za-z.-]+)?/.exec(range);
  if (!found) return "1.0.0";
  const number = (text: string | undefined) => (text === undefined || !/\d/.test(text) ? 0 : Number(text));
  const parts = [number(found[1]), number(found[2]), number(found[3])];
  const before = range.slice(0, found.index);
  if (/<\s*$/.test(before)) return "0.0.1";
  if (/>\s*$/.test(before)) parts[2]!++;
  return `${parts.join(".")}${found[4] ?? ""}`;
}

/** Answers every property, call and construction with itself; ends a chain of promises and of text at once. */
const index = `const handler = {
  get: (target, key) => key === "then" ? undefined : key === "__esModule" ? false
    : key === Symbol.toPrimitive ? () => "" : key === Symbol.iterator ? function* () {}
    : key === "prototype" ? target.prototype : stand,
  apply: () => stand,
  construct: () => stand,
};
const stand = new Proxy(function () {}, handler);
module.exports = stand;
`;

/** @param wanted names of packages and the ranges of versions that are asked for */
export function npmStandIns(wanted: Readonly<Record<string, unknown>>): RegistryPackage[] {
  return Object.entries(wanted)
    .flatMap(([key, range]) => {
      // An alias (npm:NAME@RANGE) asks for another name than its own.
      const alias = /^npm:((?:@[^/@]+\/)?[^@]+)@?(.*)$/.exec(String(range).slice(0, 256));
      const name = alias?.[1] ?? key;
      return isNpmName(name)
        ? [{ name, version: versionFor(alias?.[2] ?? String(range).slice(0, 256)) }]
        : [];
    })
    .slice(0, MAX)
    .map(({ name, version }) => {
      const manifest = JSON.stringify({ name, version, main: "index.js", license: "MIT" });
      const content = packNpm([
        { path: "package.json", mode: 0o644, content: Buffer.from(manifest) },
        { path: "index.js", mode: 0o644, content: Buffer.from(index) },
      ]);
      const file = { name: `${name.replace(/^.*\//, "")}-${version}.tgz`, content };
      return { ecosystem: "npm", name, version, file, owners: ["maintainer"] };
    });
}
