import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { outputOf, runConfined } from "../confined/run.ts";
import { keyringsOf } from "./keyrings.ts";
import type { AptPlaces } from "./places.ts";
import { verifiedRelease } from "./release.ts";

const HELPER = "/usr/lib/apt/apt-helper";
const COMPRESSED = ["", ".lz4", ".xz", ".gz", ".zst", ".bz2"];

/** A version of a package. */
export interface Wanted {
  readonly package: string;
  readonly version: string;
  readonly architecture: string;
}

/** The archive of a version, as a verified Packages file names it. */
export interface SignedArchive {
  readonly sha256: string;
  readonly size: number;
}

export const keyOfWanted = ({ package: name, version, architecture }: Wanted): string =>
  `${name} ${version} ${architecture}`;

/**
 * Follows apt's chain: InRelease, signed by a key that the owner's apt believes, names the sha256 of each Packages file, and that names
 * the sha256 of each archive. What is not in a Packages file that verified is not in the answer.
 */
export async function signedArchives(
  places: AptPlaces,
  wanted: readonly Wanted[],
): Promise<Map<string, SignedArchive[]>> {
  const found = new Map<string, SignedArchive[]>();
  if (wanted.length === 0) return found;
  const keys = new Set(wanted.map(keyOfWanted));
  const keyrings = await keyringsOf(places);
  for (const name of await readdir(places.lists).catch(() => [])) {
    if (!name.endsWith("_InRelease")) continue;
    const release = await verifiedRelease(join(places.lists, name), keyrings);
    if (!release) continue;
    const prefix = name.slice(0, -"InRelease".length);
    for (const [listed, { sha256 }] of release) {
      if (!/(^|\/)Packages$/.test(listed)) continue;
      const file = await fileOf(places.lists, prefix + listed.replaceAll("/", "_"));
      if (file) await addFrom(file, sha256, keys, found);
    }
  }
  return found;
}

async function fileOf(folder: string, name: string): Promise<string | null> {
  for (const ending of COMPRESSED) {
    const path = join(folder, name + ending);
    if ((await stat(path).catch(() => null))?.isFile()) return path;
  }
  return null;
}

/** Adds what one Packages file says, only if all of it has the digest that was signed. */
async function addFrom(
  file: string,
  sha256: string,
  keys: ReadonlySet<string>,
  found: Map<string, SignedArchive[]>,
): Promise<void> {
  const hash = createHash("sha256");
  const here: [string, SignedArchive][] = [];
  let rest = "";
  try {
    for await (const piece of textOf(file)) {
      hash.update(piece);
      const stanzas = (rest + piece.toString("latin1")).split("\n\n");
      rest = stanzas.pop()!;
      for (const stanza of stanzas) take(stanza, keys, here);
    }
    take(rest, keys, here);
  } catch {
    return;
  }
  if (hash.digest("hex") !== sha256) return;
  for (const [key, archive] of here) found.set(key, [...(found.get(key) ?? []), archive]);
}

function textOf(file: string): AsyncIterable<Buffer> {
  if (file.endsWith("Packages")) return createReadStream(file);
  return outputOf(runConfined([HELPER, "cat-file", file], [file]), 1 << 30);
}

function take(stanza: string, keys: ReadonlySet<string>, here: [string, SignedArchive][]): void {
  const field = (name: string) => {
    const at = stanza.startsWith(`${name}: `) ? 0 : stanza.indexOf(`\n${name}: `) + 1;
    if (at === 0 && !stanza.startsWith(`${name}: `)) return "";
    const end = stanza.indexOf("\n", at);
    return stanza.slice(at + name.length + 2, end < 0 ? undefined : end).trim();
  };
  const key = `${field("Package")} ${field("Version")} ${field("Architecture")}`;
  if (keys.has(key)) here.push([key, { sha256: field("SHA256"), size: Number(field("Size")) }]);
}
