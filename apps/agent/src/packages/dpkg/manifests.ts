import { createHash, hash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Tree } from "./tree.ts";

/** Bytes of a record: 8 of the name's digest, 16 of the content's MD5 (zero where none is known). */
const NAME = 8;
const RECORD = NAME + 16;
/** Manifest files that are read at the same time. */
const AT_ONCE = 16;

interface Segment {
  /** Of the manifest file: size, place and times. */
  readonly stamp: string;
  readonly digest: string;
  readonly records: Buffer;
}

/** What the manifests of a name say: the package's info name and the MD5 in hex, null where the package has no manifest. */
export interface Listed {
  readonly info: string;
  readonly md5: string | null;
}

const keyOf = (name: string): Buffer => hash("md5", name, "buffer").subarray(0, NAME);

/**
 * All manifests (info/PACKAGE.md5sums, deb-md5sums(5)) in memory: 24 bytes for each file. A package without a manifest is known by
 * its list of files. After an upgrade only what changed is read again.
 */
export class Manifests {
  readonly #folder: string;
  #segments = new Map<string, Segment>();
  #table: Table | null = null;
  #stamp = "";

  /** @param folder DIR/info */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Digest of a package's manifest as it was read. */
  digest(info: string): string | null {
    return this.#segments.get(info)?.digest ?? null;
  }

  packages(): Iterable<string> {
    return this.#segments.keys();
  }

  /** Reads what changed since the last time. @returns info names of the packages whose manifest is another one now */
  async refresh(tree: Tree): Promise<string[]> {
    const now = await stat(this.#folder, { bigint: true }).catch(() => null);
    const stamp = now ? `${now.ino} ${now.mtimeNs} ${now.ctimeNs}` : "-";
    if (stamp === this.#stamp) return [];
    const names = await readdir(this.#folder).catch(() => []);
    const listed = new Set(names.filter((name) => name.endsWith(".md5sums")));
    const wanted = [...listed];
    for (const name of names)
      if (name.endsWith(".list") && !listed.has(`${name.slice(0, -".list".length)}.md5sums`))
        wanted.push(name);
    const segments = new Map<string, Segment>();
    const changed: string[] = [];
    for (let start = 0; start < wanted.length; start += AT_ONCE)
      await Promise.all(
        wanted.slice(start, start + AT_ONCE).map(async (name) => {
          const info = name.replace(/\.(md5sums|list)$/, "");
          const before = this.#segments.get(info);
          const segment = await this.#segment(name, tree, before).catch(() => null);
          if (!segment) return;
          segments.set(info, segment);
          if (segment.digest !== before?.digest) changed.push(info);
        }),
      );
    if (changed.length > 0 || segments.size !== this.#segments.size) this.#table = null;
    this.#segments = segments;
    this.#stamp = stamp;
    return changed;
  }

  async #segment(name: string, tree: Tree, before: Segment | undefined): Promise<Segment> {
    const path = join(this.#folder, name);
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const stamp = `${name.endsWith(".list")} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    if (before?.stamp === stamp) return before;
    const bytes = await readFile(path);
    const text = bytes.toString("utf8");
    const entries = name.endsWith(".list") ? filesOf(text) : sumsOf(text);
    const records = Buffer.alloc(entries.length * RECORD);
    for (const [index, [file, md5]] of entries.entries()) {
      keyOf(tree.canonical(file)).copy(records, index * RECORD);
      records.write(md5, index * RECORD + NAME, "hex");
    }
    return { stamp, digest: createHash("sha256").update(bytes).digest("hex"), records };
  }

  /** @param name canonical name */
  find(name: string): Listed[] {
    this.#table ??= tableOf([...this.#segments]);
    const { infos, parts, slots } = this.#table;
    const key = keyOf(name);
    const found: Listed[] = [];
    for (
      let slot = key.readUInt32LE(0) & (slots.length / 2 - 1);
      ;
      slot = (slot + 1) & (slots.length / 2 - 1)
    ) {
      const part = slots[slot * 2]!;
      if (part === 0) return found;
      const records = parts[part - 1]!;
      const at = slots[slot * 2 + 1]!;
      if (records.compare(key, 0, NAME, at, at + NAME) !== 0) continue;
      const md5 = records.toString("hex", at + NAME, at + RECORD);
      found.push({ info: infos[part - 1]!, md5: /^0+$/.test(md5) ? null : md5 });
    }
  }
}

/** Lines of a manifest: name and MD5. */
export function sumsOf(text: string): [string, string][] {
  return [...text.matchAll(/^([0-9a-f]{32}) [ *](.+?)\r?$/gm)].map(([, md5, name]) => [name!, md5!]);
}

const filesOf = (text: string): [string, string][] =>
  text
    .split("\n")
    .filter((line) => line.length > 2)
    .map((line) => [line, "0".repeat(32)]);

/** Open addressing: for each slot the number of the package, from 1 on, and where in its records. */
interface Table {
  readonly infos: readonly string[];
  readonly parts: readonly Buffer[];
  readonly slots: Uint32Array;
}

function tableOf(segments: readonly (readonly [string, Segment])[]): Table {
  const count = segments.reduce((sum, [, { records }]) => sum + records.length / RECORD, 0);
  const size = 2 ** Math.ceil(Math.log2(Math.max(16, count * 2)));
  const slots = new Uint32Array(size * 2);
  for (const [part, [, { records }]] of segments.entries())
    for (let at = 0; at < records.length; at += RECORD) {
      let slot = records.readUInt32LE(at) & (size - 1);
      while (slots[slot * 2] !== 0) slot = (slot + 1) & (size - 1);
      slots[slot * 2] = part + 1;
      slots[slot * 2 + 1] = at;
    }
  return { infos: segments.map(([info]) => info), parts: segments.map(([, { records }]) => records), slots };
}
