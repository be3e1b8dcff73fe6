import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { chamberPaths } from "../paths.ts";
import { createDecoys } from "./create.ts";
import { describeElf } from "./elf-facts.ts";
import { writeElf } from "./elf-writer.ts";
import { SeededRandom } from "./random.ts";

/** A chamber folder with a pool of generated programs: enough to choose from. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thymus-decoys-"));
  try {
    const paths = chamberPaths(folder);
    await mkdir(paths.pool);
    const list = [];
    for (let index = 0; index < 40; index++) {
      const bits = index % 3 === 0 ? (32 as const) : (64 as const);
      const bytes = writeElf(new SeededRandom(`pool ${index}`), bits, index % 2 ? 8000 : 90_000);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      await writeFile(join(paths.pool, sha256), bytes, { mode: 0o400 });
      list.push({ name: `tool${index}`, sha256, size: bytes.length, bits, static: index % 8 === 1 });
    }
    await writeFile(paths.poolList, JSON.stringify(list));
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("the same seed gives the same decoys, another one others", () =>
  inFolder(async (chamberDir) => {
    const set = async (seed: string, name: string) =>
      (await createDecoys({ chamberDir, seed, folder: join(chamberDir, name) })).decoys;
    const first = await set("one", "a");
    assert.deepEqual(await set("one", "b"), first);
    const known = new Set<string>(first.map((decoy) => decoy.sha256));
    const shared = (await set("two", "c")).filter((decoy) => known.has(decoy.sha256));
    assert.ok(
      shared.every((decoy) => decoy.type.startsWith("elf")),
      "only real programs may come twice",
    );
  }));

test("a set has every kind, distinct places, and contents that cannot run on the host", () =>
  inFolder(async (chamberDir) => {
    const folder = join(chamberDir, "set");
    const { decoys } = await createDecoys({ chamberDir, seed: "kinds", folder });
    const count = (type: string) => decoys.filter((decoy) => decoy.type === type).length;
    for (const type of ["elf32", "python", "perl", "node", "php"]) assert.ok(count(type) >= 4, type);
    assert.ok(count("elf64") >= 8);
    assert.ok(count("shell") >= 5);
    assert.equal(new Set(decoys.map((decoy) => decoy.path)).size, decoys.length);
    for (const decoy of decoys) {
      const file = join(folder, decoy.sha256);
      assert.equal((await stat(file)).mode & 0o111, 0);
      const bytes = await readFile(file);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), decoy.sha256);
      if (decoy.type === "elf64") assert.equal(describeElf(bytes)?.bits, 64);
      if (decoy.type === "elf32") assert.equal(describeElf(bytes)?.bits, 32);
    }
  }));

test("whatever is drawn, a set has programs of every size that a linker leaves, divided by 16", () =>
  inFolder(async (chamberDir) => {
    // As in the pool of a distribution whose programs are all linked alike.
    const list = join(chamberDir, "pool.json");
    const pool = JSON.parse(await readFile(list, "utf8")) as { size: number }[];
    await writeFile(list, JSON.stringify(pool.filter(({ size }) => size % 16 === 0)));
    for (const seed of ["brindle", "fulmar", "gannet", "plover", "wherry"]) {
      const folder = join(chamberDir, seed);
      const { decoys } = await createDecoys({ chamberDir, seed, folder });
      const left = async (type: string) => {
        const sizes = decoys.filter((decoy) => decoy.type === type).map(({ sha256 }) => join(folder, sha256));
        const over = await Promise.all(sizes.map(async (file) => (await stat(file)).size % 16));
        return [...new Set(over)].sort((a, b) => a - b);
      };
      assert.deepEqual(
        [await left("elf64"), await left("elf32")],
        [
          [0, 8],
          [0, 4, 8, 12],
        ],
        seed,
      );
    }
  }));

test("a chamber without a pool is told as not built", () =>
  assert.rejects(createDecoys({ chamberDir: "/nonexistent", seed: "x", folder: "/nonexistent" }), {
    code: "CHAMBER_NOT_BUILT",
  }));
