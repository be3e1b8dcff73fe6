/**
 * Collects real programs for decoys: every ELF program of the guest and of the 32-bit packages is started once in the
 * chamber itself; those that end quickly with status 0, print something and change nothing are kept.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Decoy, Sha256 } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { describeElf, type ElfFacts } from "../decoys/elf-facts.ts";
import type { PoolProgram } from "../decoys/pool.ts";
import { openChamberUnchecked } from "../open.ts";
import type { ChamberPaths } from "../paths.ts";
import { runTool } from "./tool.ts";

/** Programs larger than this make runs slow, in bytes. */
const MAX_SIZE = 2_500_000;
const MAX_PROGRAMS = 700;
/** Seconds that all programs of one batch may take in the chamber. */
const BATCH_SECONDS = 90;
const BATCH_BYTES = 60_000_000;

interface Candidate extends ElfFacts {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

export async function buildPool(paths: ChamberPaths, signal: AbortSignal | undefined, note: (what: string) => void): Promise<void> {
  const temp = await mkdtemp(join(paths.temp, "pool-"));
  const unpacked = join(temp, "unpacked");
  const programs = ["usr/bin", "usr/sbin", "usr/games", "bin", "sbin"];
  await mkdir(unpacked);
  await runTool("unsquashfs", ["-q", "-n", "-d", join(unpacked, "root"), paths.root, ...programs], { signal });
  for (const name of await readdir(paths.packages))
    if (name.endsWith("_i386.deb"))
      await runTool("dpkg-deb", ["-x", join(paths.packages, name), join(unpacked, name)], { signal });
  const folder = join(temp, "pool");
  await mkdir(folder, { mode: 0o700 });
  const candidates = await collect(unpacked, folder);
  const kept: PoolProgram[] = [];
  for (const batch of batches(candidates)) {
    note(`trying ${batch.length} programs`);
    kept.push(...(await tryOut(paths, temp, folder, batch, signal)));
  }
  const wanted = new Set<string>(kept.map((program) => program.sha256));
  for (const name of await readdir(folder)) if (!wanted.has(name)) await rm(join(folder, name));
  kept.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  await rm(paths.pool, { recursive: true, force: true });
  await rename(folder, paths.pool);
  await writeFileAtomic(paths.poolList, `${JSON.stringify(kept, null, 1)}\n`);
  await rm(temp, { recursive: true, force: true });
}

/** Copies every runnable ELF file below `from` into `folder`, named by sha256. */
async function collect(from: string, folder: string): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    if (!/\/(bin|sbin|games)\/[^/]+$/.test(path)) continue;
    const bytes = await readFile(path);
    const facts = bytes.length <= MAX_SIZE ? describeElf(bytes) : null;
    if (!facts || found.size >= MAX_PROGRAMS) continue;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (found.has(sha256)) continue;
    found.set(sha256, { name: basename(path), sha256, size: bytes.length, ...facts });
    await writeFile(join(folder, sha256), bytes, { mode: 0o400 });
  }
  return [...found.values()];
}

function* batches(candidates: readonly Candidate[]): Generator<Candidate[]> {
  let batch: Candidate[] = [];
  let bytes = 0;
  for (const candidate of candidates) {
    if (bytes + candidate.size > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(candidate);
    bytes += candidate.size;
  }
  if (batch.length > 0) yield batch;
}

/** Each program is run without arguments, twice, in a folder of its own; it must leave that folder as it was. */
const trial = `#!/bin/sh
cd /srv/pool || exit 1
for n in *; do
  cd "/srv/pool/$n" || continue
  set -- *
  timeout -s KILL 2 "./$1" >/tmp/said 2>/dev/null </dev/null
  first=$?
  size=$(wc -c </tmp/said)
  set -- *
  [ $# = 1 ] || first=255
  echo "$n $first $size"
done
`;

async function tryOut(
  paths: ChamberPaths,
  temp: string,
  folder: string,
  batch: readonly Candidate[],
  signal: AbortSignal | undefined,
): Promise<PoolProgram[]> {
  const out = await mkdtemp(join(temp, "trial-"));
  const sample = join(out, "trial.sh");
  await writeFile(sample, trial);
  const decoys = batch.map((candidate, index): Decoy => ({
    path: `/srv/pool/${index}/${candidate.name}`,
    type: candidate.bits === 64 ? "elf64" : "elf32",
    kind: "candidate",
    sha256: Sha256.parse(candidate.sha256),
    mode: 0o755,
  }));
  const chamber = await openChamberUnchecked(paths);
  try {
    const result = await chamber.run({
      sample: { path: sample, name: "trial.sh", type: "shell" },
      decoys: { seed: "pool", folder, decoys },
      drillPrograms: null,
      budgetSeconds: BATCH_SECONDS,
      outputDir: out,
      ...(signal ? { signal } : {}),
    });
    const changed = new Set(result.decoys.filter(({ state }) => state !== "unchanged").map(({ decoy }) => decoy.path));
    const kept: PoolProgram[] = [];
    for (const line of result.output.split("\n")) {
      const [index, status, size] = line.split(" ").map(Number);
      const candidate = batch[index ?? -1];
      if (!candidate || status !== 0 || changed.has(decoys[index!]!.path)) continue;
      // A static shell prints nothing without arguments, but there are few static programs.
      if (!size && !candidate.static) continue;
      kept.push({ ...candidate, sha256: Sha256.parse(candidate.sha256) });
    }
    return kept;
  } finally {
    await chamber.close();
    await rm(out, { recursive: true, force: true });
  }
}
