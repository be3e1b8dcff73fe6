import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AptPlaces } from "./places.ts";

/** OpenPGP key files that the owner's apt believes: trusted.gpg(.d), and what a source names as Signed-By. */
export async function keyringsOf({ keyrings, sources }: AptPlaces): Promise<string[]> {
  const found = new Set<string>();
  for (const place of keyrings)
    for (const file of await filesOf(place)) if (/\.(?:gpg|asc)$/.test(file)) found.add(file);
  for (const place of sources)
    for (const file of await filesOf(place))
      for (const named of signedBy(await readFile(file, "utf8").catch(() => ""))) found.add(named);
  const there: string[] = [];
  for (const file of found) if ((await stat(file).catch(() => null))?.isFile()) there.push(file);
  return there.sort();
}

async function filesOf(place: string): Promise<string[]> {
  const found = await stat(place).catch(() => null);
  if (found?.isFile()) return [place];
  if (!found?.isDirectory()) return [];
  return (await readdir(place)).sort().map((name) => join(place, name));
}

/** Files in `Signed-By:` (deb822) and `[signed-by=...]` (one line). A key that stands in the source itself is not taken. */
export function signedBy(text: string): string[] {
  const lines = [
    ...text.matchAll(/^Signed-By:[ \t]*(.*)$/gim),
    ...text.matchAll(/^[^#\n]*\bsigned-by=([^\]\s]+)/gim),
  ];
  return lines.flatMap(([, value]) => value!.split(/[\s,]+/)).filter((value) => value.startsWith("/"));
}

/** An armoured key file (RFC 9580 section 6) as bytes; others as they are. */
export function withoutArmour(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  if (!text.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----")) return bytes;
  const blocks = text.matchAll(
    /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\n]*:[^\n]*\n)*\r?\n([\s\S]*?)(?:\r?\n=[A-Za-z0-9+/]{4})?\r?\n-----END/g,
  );
  return Buffer.concat([...blocks].map(([, body]) => Buffer.from(body!, "base64")));
}
