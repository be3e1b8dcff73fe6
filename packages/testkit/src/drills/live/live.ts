/** The drill encryptor for a running agent, the documents for it, and what undoes it. */
import { createHash } from "node:crypto";
import { chmodSync, chownSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const stored = join(import.meta.dirname, "encryptor");

/** Puts the encryptor where every user may read it, not executable: `python3 FILE AREA VARIANT` runs it. @returns its path */
export function placeEncryptor(folder: string): string {
  const path = join(folder, "encryptor");
  copyFileSync(stored, path);
  chmodSync(path, 0o644);
  return path;
}

/** How documents are scrambled: those that skip hidden files, and `slow` (one file a second, skips them too), meet no decoy. */
type How =
  | "in-place"
  | "decoys-first"
  | "slow"
  | "skip-hidden"
  | `${"new-delete" | "rename" | "tree"}${"" | "-skip-hidden"}`;

/** With `+` the order in which it takes them: by default folder by folder as names sort, hidden ones first. */
export type EncryptorVariant = How | `${How}+${"reverse" | "reverse-walk" | "newest" | "random" | "folders"}`;

/** The user as whom it runs: it refuses to run as root. */
export const DRILL_USER = 65534;

/**
 * Writes a drill area: the marker and so many documents in folders of as many each, of several kinds, each different.
 * @param user whose they are, where this is root
 * @returns their paths
 */
export function makeDrillArea(
  folder: string,
  documents: number,
  perFolder = 100,
  user = DRILL_USER,
): string[] {
  mkdirSync(join(folder, ".thymus-drill"), { recursive: true });
  const area = realpathSync(folder);
  writeFileSync(join(area, ".thymus-drill", "AREA"), `${area}\n`);
  const own = process.getuid?.() === 0;
  if (own) chownSync(area, user, user);
  const paths: string[] = [];
  for (let at = 0; at < documents; at++) {
    const below = join(area, `folder-${String(Math.floor(at / perFolder)).padStart(3, "0")}`);
    if (at % perFolder === 0) {
      mkdirSync(below, { recursive: true });
      if (own) chownSync(below, user, user);
    }
    const [ending, content] = documentOf(at);
    const path = join(below, `document-${String(at).padStart(5, "0")}.${ending}`);
    writeFileSync(path, content, { mode: 0o640 });
    if (own) chownSync(path, user, user);
    paths.push(path);
  }
  return paths;
}

const words =
  "the of report account number year total paid open north south client order sum rest note".split(" ");

function documentOf(at: number): [string, Buffer] {
  const digest = (salt: number) => createHash("sha256").update(`${salt}:${at}`).digest();
  const line = (row: number) => [...digest(row)].slice(0, 12).map((byte) => words[byte % words.length]);
  const rows = 8 + (at % 40);
  const text = Array.from({ length: rows }, (_, row) => line(row).join(" ")).join("\n");
  switch (at % 4) {
    case 0:
      return ["txt", Buffer.from(`${text}\n`)];
    case 1:
      return ["csv", Buffer.from(`${text.replaceAll(" ", ",")}\n`)];
    case 2:
      return ["pdf", Buffer.concat([Buffer.from("%PDF-1.4\n"), noise(at, 2000), Buffer.from("\n%%EOF\n")])];
    default:
      return ["jpg", Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), noise(at, 3000)])];
  }
}

/** As compressed content looks. */
function noise(seed: number, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) =>
    createHash("sha256").update(`${seed}:noise:${block}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** The inverse of the drill, written from the description at its head. */
export function unscramble(content: Uint8Array): Buffer {
  const seed = createHash("sha256").update("thymus drill").digest();
  const plain = Buffer.from(content);
  const number = Buffer.alloc(8);
  for (let block = 0; block < 4096 && block * 32 < plain.length; block++) {
    number.writeBigUInt64LE(BigInt(block));
    const mask = createHash("sha256").update(seed).update(number).digest();
    for (let at = block * 32; at < Math.min(plain.length, block * 32 + 32); at++)
      plain[at]! ^= mask[at % 32]!;
  }
  return plain;
}
