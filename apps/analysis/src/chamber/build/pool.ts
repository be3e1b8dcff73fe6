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
import { emptyWorld, plainConditions } from "../run/conditions.ts";
import { runTool } from "./tool.ts";

/** Programs larger than this make runs slow, in bytes. */
const MAX_SIZE = 2_500_000;
/** Most dynamic programs of each word size that are tried; there are few static ones, so all of them are. */
const MAX_DYNAMIC = 90;
/** Seconds that the programs of one batch may take in the chamber. */
const BATCH_SECONDS = 90;
const BATCH_PROGRAMS = 100;

interface Candidate extends ElfFacts {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
  /** Its folder tells that it is of coreutils, whose programs nearly all run without arguments. */
  readonly likely: boolean;
}

export async function buildPool(
  paths: ChamberPaths,
  signal: AbortSignal | undefined,
  note: (what: string) => void,
): Promise<void> {
  const temp = await mkdtemp(join(paths.temp, "pool-"));
  const unpacked = join(temp, "unpacked");
  const programs = ["usr/bin", "usr/sbin", "usr/games", "bin", "sbin"];
  await mkdir(unpacked);
  await runTool("unsquashfs", ["-q", "-n", "-d", join(unpacked, "root"), paths.root, ...programs], {
    signal,
  });
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
  const likely = new Set(paths.filter((path) => path.includes("/coreutils_")).map((path) => basename(path)));
  for (const path of paths.sort()) {
    if (!/\/(bin|sbin|games)\/[^/]+$/.test(path)) continue;
    const bytes = await readFile(path);
    const facts = bytes.length <= MAX_SIZE ? describeElf(bytes) : null;
    if (!facts) continue;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (found.has(sha256)) continue;
    const name = basename(path);
    found.set(sha256, { name, sha256, size: bytes.length, likely: likely.has(name), ...facts });
    await writeFile(join(folder, sha256), bytes, { mode: 0o400 });
  }
  return [...found.values()];
}

/** A choice that depends on nothing but the programs' bytes, in batches. */
function* batches(candidates: readonly Candidate[]): Generator<Candidate[]> {
  const sorted = [...candidates].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const dynamic = (bits: number) => {
    const all = sorted.filter((one) => !one.static && one.bits === bits);
    return [...all.filter((one) => one.likely), ...all.filter((one) => !one.likely)].slice(0, MAX_DYNAMIC);
  };
  const chosen = [...sorted.filter((one) => one.static), ...dynamic(64), ...dynamic(32)];
  for (let at = 0; at < chosen.length; at += BATCH_PROGRAMS) yield chosen.slice(at, at + BATCH_PROGRAMS);
}

/** Each program is run without arguments in a folder of its own; it must leave that folder as it was. */
const trial = `#!/bin/sh
cd /srv/pool || exit 1
touch /tmp/said
for n in *; do
  cd "/srv/pool/$n" || continue
  set -- *
  timeout -s KILL 1 "./$1" >/tmp/said 2>/dev/null </dev/null
  first=$?
  size=$(wc -c </tmp/said)
  set -- *
  [ $# = 1 ] || first=255
  set -- /tmp/*
  [ $# = 1 ] || { first=255; rm -rf /tmp/tmp* /tmp/file*; }
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
  const decoys = batch.map(
    (candidate, index): Decoy => ({
      path: `/srv/pool/${index}/${candidate.name}`,
      type: "other",
      kind: "candidate",
      sha256: Sha256.parse(candidate.sha256),
      mode: 0o755,
    }),
  );
  const chamber = await openChamberUnchecked(paths);
  try {
    const result = await chamber.run({
      sample: { path: sample, name: "trial.sh", type: "shell" },
      decoys: { seed: "pool", folder, decoys },
      world: emptyWorld,
      conditions: plainConditions,
      plan: null,
      drillPrograms: null,
      budgetSeconds: BATCH_SECONDS,
      outputDir: out,
      ...(signal ? { signal } : {}),
    });
    const changed = new Set(
      result.decoys.filter(({ state }) => state !== "unchanged").map(({ decoy }) => decoy.path),
    );
    const kept: PoolProgram[] = [];
    for (const line of result.output.split("\n")) {
      const [index, status, size] = line.split(" ").map(Number);
      const candidate = batch[index ?? -1];
      if (!candidate || status !== 0 || changed.has(decoys[index!]!.path)) continue;
      // A static shell prints nothing without arguments, but there are few static programs.
      if (!size && !candidate.static) continue;
      const { likely: _, ...program } = candidate;
      kept.push({ ...program, sha256: Sha256.parse(program.sha256) });
    }
    return kept;
  } finally {
    await chamber.close();
    await rm(out, { recursive: true, force: true });
  }
}
