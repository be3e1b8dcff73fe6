import { createHash } from "node:crypto";
import { copyFile, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { type Decoy, Sha256 } from "@thymus/contracts";
import type { DecoySet } from "../chamber.ts";
import { guestUser } from "../layout.ts";
import { chamberPaths } from "../paths.ts";
import { documents } from "./documents.ts";
import { type DecoyKind, decoyKinds } from "./kinds.ts";
import { readPool } from "./pool.ts";
import { SeededRandom } from "./random.ts";
import { noun } from "./words.ts";

export interface CreateDecoysOptions {
  readonly chamberDir: string;
  /** Decides everything; other seeds give other files. */
  readonly seed: string;
  /** Folder that receives the contents, named by sha256 and not executable; made where it is missing. */
  readonly folder: string;
  /** About how many; at least one of each kind. Default 60. */
  readonly count?: number;
}

const USUAL = 60;

/** Folders of the guest that hold programs: beside the sample, on the search path, at home, at the root. */
const programFolders: readonly ((random: SeededRandom) => string)[] = [
  () => guestUser.downloads,
  () => "/usr/local/bin",
  () => `${guestUser.home}/bin`,
  () => guestUser.home,
  (random) => `${guestUser.home}/projects/${noun(random)}`,
  () => "",
  () => "/opt/tools",
  () => "/srv",
];
const documentFolders = [
  `${guestUser.home}/Documents`,
  guestUser.home,
  guestUser.downloads,
  `${guestUser.home}/Pictures`,
];

/**
 * Makes the decoys of one run: the same seed and the same chamber give the same bytes at the same paths.
 * @throws ThymusError CHAMBER_NOT_BUILT where the chamber has no pool of programs
 */
export async function createDecoys(options: CreateDecoysOptions): Promise<DecoySet> {
  const pool = await readPool(options.chamberDir);
  const random = new SeededRandom(`decoys ${options.seed}`);
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const taken = new Set<string>();
  const used = new Set<string>();
  const decoys: Decoy[] = [];
  const place = (folder: string, name: string, own: SeededRandom): string => {
    // A program of the pool keeps its name, so it moves to another folder where its place is taken.
    for (let turn = 0; turn < 50; turn++) {
      const path = `${turn === 0 ? folder : own.pick(programFolders)(own)}/${name}`;
      if (!taken.has(path)) return path;
    }
    return `${guestUser.home}/projects/${own.bytes(4).toString("hex")}/${name}`;
  };
  const add = async (
    kind: Pick<DecoyKind, "type" | "kind">,
    path: string,
    mode: number,
    content: Buffer | null,
    known: Sha256 | null,
  ) => {
    taken.add(path);
    const sha256 = known ?? Sha256.parse(createHash("sha256").update(content!).digest("hex"));
    const file = join(options.folder, sha256);
    if (content === null) await copyFile(join(chamberPaths(options.chamberDir).pool, sha256), file);
    else await store(file, content);
    decoys.push({ path, type: kind.type, kind: kind.kind, sha256, mode });
  };

  let turn = random.below(programFolders.length);
  const scale = (options.count ?? USUAL) / USUAL;
  for (const [index, kind] of decoyKinds.entries()) {
    const own = random.fork(`${index} ${kind.kind}`);
    for (let made = 0; made < Math.max(1, Math.round(kind.share * scale)); made++) {
      // Of the pool each program only once.
      const one = kind.make(
        own,
        pool.filter((program) => !used.has(program.sha256)),
        made,
      );
      const folder = programFolders[turn++ % programFolders.length]!(own);
      if ("program" in one) {
        used.add(one.program.sha256);
        await add(kind, place(folder, one.program.name, own), 0o755, null, one.program.sha256);
      } else {
        const inside = one.executable ? folder : `${guestUser.home}/projects/${noun(own)}`;
        await add(kind, place(inside, one.name, own), one.executable ? 0o755 : 0o644, one.content, null);
      }
    }
  }
  const own = random.fork("documents");
  for (const document of documents(own, Math.max(5, Math.round(6 * scale)))) {
    const name = `${noun(own)}-${own.between(1, 99)}.${document.extension}`;
    const kind = { type: document.type, kind: document.extension };
    await add(kind, place(own.pick(documentFolders), name, own), 0o644, document.content, null);
  }
  return { seed: options.seed, folder: options.folder, decoys };
}

async function store(path: string, content: Buffer): Promise<void> {
  const file = await open(path, "w", 0o600);
  await file.writeFile(content);
  await file.close();
}
