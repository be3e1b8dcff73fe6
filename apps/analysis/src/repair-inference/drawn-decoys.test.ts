/** From drawn decoys to files that were not learned from: what a draw does not show, no recipe can know. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repairWith } from "@thymus/repair";
import { createDecoys } from "../chamber/decoys/create.ts";
import { writeElf } from "../chamber/decoys/elf-writer.ts";
import { SeededRandom } from "../chamber/decoys/random.ts";
import { chamberPaths } from "../chamber/paths.ts";
import { afterTypeOf, pairInfections, type Specimen } from "../infection/index.ts";
import { CODE } from "../infection/testing/infections.ts";
import { inferRepairs } from "./index.ts";

const ALIGN = 16;
const [PT_NOTE, ENTRY, TABLE] = [4, 24, 64];

/** Code on the next border of 16 bytes, the first note's header turned to it, and behind it what both were and how long the file was. */
function appended(host: Buffer): Buffer {
  const at = Math.ceil(host.length / ALIGN) * ALIGN;
  let slot = TABLE;
  while (host.readUInt32LE(slot) !== PT_NOTE) slot += 56;
  const numbers = Buffer.alloc(24);
  for (const [i, value] of [BigInt(slot), host.readBigUInt64LE(ENTRY), BigInt(host.length)].entries())
    numbers.writeBigUInt64LE(value, 8 * i);
  const after = Buffer.concat([
    ...[host, Buffer.alloc(at - host.length), CODE, host.subarray(slot, slot + 56), numbers],
  ]);
  after.writeUInt32LE(1, slot);
  for (const field of [8, 16, 24]) after.writeBigUInt64LE(BigInt(0x800000 + at), slot + field);
  after.writeBigUInt64LE(BigInt(0x800000 + at), ENTRY);
  return after;
}

/** A chamber whose pool is of programs of sizes that 16 divides, as nearly all of a distribution are. */
async function evenPool(chamberDir: string): Promise<void> {
  const paths = chamberPaths(chamberDir);
  await mkdir(paths.pool);
  const list = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const bits = i % 3 === 0 ? (32 as const) : (64 as const);
      const bytes = writeElf(new SeededRandom(`even ${i}`), bits, i % 2 ? 8000 : 90_000, 0);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      await writeFile(join(paths.pool, sha256), bytes);
      return { name: `tool${i}`, sha256, size: bytes.length, bits, static: i % 8 === 1 };
    }),
  );
  await writeFile(paths.poolList, JSON.stringify(list));
}

/** The run of a build in which 4 of 10 fresh programs were refused, and another one. */
const seeds = ["case-oai02dfa40q8g84v", "brindle"];

test("all fresh programs come back, though nearly all learned ones ended on the border where the code begins", async () => {
  const chamberDir = await mkdtemp(join(tmpdir(), "thymus-drawn-"));
  try {
    await evenPool(chamberDir);
    const infected = async (seed: string): Promise<Specimen[]> => {
      const folder = join(chamberDir, seed);
      const { decoys } = await createDecoys({ chamberDir, seed, folder });
      const hosts = decoys.filter(({ type }) => type === "elf64");
      return Promise.all(
        hosts.map(async ({ path, kind, type, sha256 }) => {
          const before = await readFile(join(folder, sha256));
          return { path, kind, type, before, after: appended(before) };
        }),
      );
    };
    for (const seed of seeds) {
      const learned = await infected(`${seed}-train`);
      const { recipes, checked, why } = inferRepairs(pairInfections(learned), learned);
      assert.deepEqual([checked, why], [learned.length, null], seed);
      for (const specimen of await infected(`${seed}-fresh`)) {
        const result = repairWith(recipes, specimen.after, afterTypeOf(specimen));
        assert.ok("repaired" in result, `${seed}: ${JSON.stringify(result)}`);
        assert.ok(Buffer.from(result.repaired).equals(specimen.before), seed);
      }
    }
  } finally {
    await rm(chamberDir, { recursive: true });
  }
});
