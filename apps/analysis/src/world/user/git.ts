/** A git repository made by hand: objects in one pack, as after a clone. Formats: git's own gitformat-pack. */
import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";
import type { WorldFile } from "../../chamber/chamber.ts";
import { own, type TreeFile } from "../part.ts";

export interface Commit {
  readonly message: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly files: readonly TreeFile[];
}

/** Objects are small: a large window would cost more to set up than to use. */
const SMALL = { level: 1, memLevel: 4, windowBits: 12 };

const kinds = { commit: 1, tree: 2, blob: 3 } as const;
type Kind = keyof typeof kinds;

class Objects {
  readonly all = new Map<string, { kind: Kind; content: Buffer }>();

  add(kind: Kind, content: Buffer): string {
    const id = createHash("sha1").update(`${kind} ${content.length}\0`).update(content).digest("hex");
    this.all.set(id, { kind, content });
    return id;
  }

  /** @returns id of the tree of these files */
  tree(files: readonly TreeFile[]): string {
    const folders = new Map<string, TreeFile[]>();
    const entries: { name: string; mode: string; id: string }[] = [];
    for (const file of files) {
      const slash = file.path.indexOf("/");
      if (slash < 0) {
        const mode = file.executable ? "100755" : "100644";
        entries.push({ name: file.path, mode, id: this.add("blob", Buffer.from(file.content)) });
        continue;
      }
      const folder = file.path.slice(0, slash);
      const inside = folders.get(folder) ?? [];
      inside.push({ ...file, path: file.path.slice(slash + 1) });
      folders.set(folder, inside);
    }
    for (const [name, inside] of folders) entries.push({ name, mode: "40000", id: this.tree(inside) });
    // Git sorts a folder as if its name ended with a slash.
    const key = (entry: (typeof entries)[number]) =>
      Buffer.from(entry.mode === "40000" ? `${entry.name}/` : entry.name);
    entries.sort((a, b) => Buffer.compare(key(a), key(b)));
    const parts = entries.flatMap(({ name, mode, id }) => [
      Buffer.from(`${mode} ${name}\0`),
      Buffer.from(id, "hex"),
    ]);
    return this.add("tree", Buffer.concat(parts));
  }
}

/** Type and size, 4 bits in the first byte and 7 in each that follows. */
function packedHead(kind: Kind, size: number): Buffer {
  const bytes = [(kinds[kind] << 4) | (size & 15)];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const sha1 = (bytes: Buffer) => createHash("sha1").update(bytes).digest();

function pack(objects: Objects): { name: string; pack: Buffer; index: Buffer } {
  const ids = [...objects.all.keys()].sort();
  const parts = [Buffer.from("PACK"), word(2), word(ids.length)];
  const places: { offset: number; sum: number }[] = [];
  let offset = 12;
  for (const id of ids) {
    const { kind, content } = objects.all.get(id)!;
    const stored = Buffer.concat([packedHead(kind, content.length), deflateSync(content, SMALL)]);
    places.push({ offset, sum: crc32(stored) });
    parts.push(stored);
    offset += stored.length;
  }
  const body = Buffer.concat(parts);
  const trailer = sha1(body);
  const counts = new Array<number>(256).fill(0);
  for (const id of ids) counts[Number.parseInt(id.slice(0, 2), 16)]! += 1;
  let sum = 0;
  const fanout = counts.map((count) => {
    sum += count;
    return word(sum);
  });
  const index = Buffer.concat([
    Buffer.from("ff744f63", "hex"),
    word(2),
    ...fanout,
    ...ids.map((id) => Buffer.from(id, "hex")),
    ...places.map(({ sum }) => word(sum)),
    ...places.map((place) => word(place.offset)),
    trailer,
  ]);
  return {
    name: trailer.toString("hex"),
    pack: Buffer.concat([body, trailer]),
    index: Buffer.concat([index, sha1(index)]),
  };
}

/**
 * Files of a repository and its working tree, which is that of the last commit.
 * @param folder relative to the home folder
 * @param ignored files that lie there but are not in any commit
 */
export function repository(
  folder: string,
  remote: string,
  author: string,
  commits: readonly Commit[],
  ignored: readonly TreeFile[] = [],
): WorldFile[] {
  const objects = new Objects();
  let head: string | null = null;
  for (const { message, at, files } of commits) {
    const who = `${author} ${at} +0200`;
    const lines: string[] = [`tree ${objects.tree(files)}`];
    if (head !== null) lines.push(`parent ${head}`);
    head = objects.add(
      "commit",
      Buffer.from(`${[...lines, `author ${who}`, `committer ${who}`].join("\n")}\n\n${message}\n`),
    );
  }
  const packed = pack(objects);
  const config = `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n[remote "origin"]\n\turl = ${remote}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main\n`;
  const tree = [...(commits.at(-1)?.files ?? []), ...ignored];
  return [
    own(`${folder}/.git/HEAD`, "ref: refs/heads/main\n"),
    own(`${folder}/.git/config`, config),
    own(`${folder}/.git/refs/heads/main`, `${head}\n`),
    own(`${folder}/.git/objects/pack/pack-${packed.name}.pack`, packed.pack, 0o444),
    own(`${folder}/.git/objects/pack/pack-${packed.name}.idx`, packed.index, 0o444),
    ...tree.map((file) => own(`${folder}/${file.path}`, file.content, file.executable ? 0o755 : 0o644)),
  ];
}
