/**
 * Worms of packages, the whole loop in the real chamber: a package whose install script steals the token publishes new
 * versions of what the token may publish. Caught, theft proved, found, given back, and nothing else hit.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { needs } from "@thymus/testkit";
import {
  canFetch,
  fetchOthers,
  listOthers,
  listPackageLookalikes,
  listPackageWorms,
  packageWormSources,
  packageWormsFolder,
  readOther,
} from "@thymus/testkit/packages";
import type { Chamber, ChamberResult, StartPlan, World } from "../../apps/analysis/src/chamber/chamber.ts";
import { createDecoys, openChamber, plainConditions } from "../../apps/analysis/src/chamber/index.ts";
import { planSample } from "../../apps/analysis/src/kinds/index.ts";
import {
  analysePackages,
  type PublishedRun,
  provePackages,
  readPublished,
  scanOthers,
} from "../../apps/analysis/src/packages/index.ts";
import { openCorpus } from "../../apps/analysis/src/self/index.ts";
import { createWorld, findThefts, packNpm } from "../../apps/analysis/src/world/index.ts";
import { ensureTestData, sharedEnvironment, testData } from "./support/cli.ts";

const skip = needs("root", "qemu", "bwrap", "apt");
/** `npm run bench -- packages` takes all of them; here a part, so that fetching stays short. */
const OTHERS = 200;

const { THYMUS_CHAMBER_DIR: chamberDir, THYMUS_CORPUS_DIR: corpusDir } = sharedEnvironment;
let chamber: Chamber;
let temp: string;

before(async () => {
  if (skip) return;
  await ensureTestData();
  temp = await mkdtemp(join(tmpdir(), "thymus-worm-"));
  chamber = await openChamber({ dataDir: chamberDir });
});
after(async () => {
  if (skip) return;
  await chamber?.close();
  await rm(temp, { recursive: true, force: true });
});

interface Ran {
  readonly world: World;
  readonly result: ChamberResult;
}

/** Installs a package in the chamber, with drill programs or without, in a world of its own. */
async function install(name: string, tarball: Uint8Array, seed: string): Promise<Ran> {
  const folder = join(temp, seed.replaceAll(" ", "-"));
  await mkdir(join(folder, "out"), { recursive: true });
  const file = join(folder, "sample");
  await writeFile(file, tarball);
  const planned = await planSample(tarball, name, "npm");
  assert.ok("plan" in planned, "refused" in planned ? planned.refused : "");
  const world = await createWorld(`${seed} ${Math.random()}`);
  const decoys = await createDecoys({ chamberDir, seed, folder: join(folder, "decoys") });
  const result = await chamber.run({
    sample: { path: file, name, type: "npm" },
    decoys,
    world,
    conditions: plainConditions,
    plan: planned.plan && installOnly(planned.plan),
    drillPrograms: packageWormsFolder,
    budgetSeconds: 150,
    outputDir: join(folder, "out"),
  });
  return { world, result };
}

/** Only the installing, with time for every package: a busy machine emulates slowly. */
const installOnly = (plan: StartPlan): StartPlan => ({
  ...plan,
  commands: plan.commands.slice(0, 1).map((command) => ({
    ...command,
    words: command.words.map((word) => (/^\d+$/.test(word) ? "120" : word)),
  })),
});

async function runOf(name: PublishedRun["name"], { world, result }: Ran): Promise<PublishedRun> {
  const secrets = world.honey.flatMap(({ needles }) => needles);
  return { name, published: await readPublished(result.published), packages: world.packages, secrets };
}

for (const { id } of listPackageWorms()) {
  test(`${id}: caught, found and undone`, { skip, timeout: 400_000 }, async () => {
    const tarball = packNpm(packageWormSources(id));
    const train = await install(`${id}-1.4.2.tgz`, tarball, `${id} train`);
    const fresh = await install(`${id}-1.4.2.tgz`, tarball, `${id} fresh`);
    for (const { world, result } of [train, fresh]) {
      const [token, { account }] = Object.entries(world.tokens).find(
        ([, { ecosystem }]) => ecosystem === "npm",
      )!;
      const own = new Set(
        world.packages
          .filter(({ owners, ecosystem }) => ecosystem === "npm" && owners.includes(account))
          .map((each) => each.name),
      );
      assert.deepEqual(
        new Set(result.published.filter(({ accepted }) => accepted).map((each) => each.name)),
        own,
        `${result.output}\n${result.network.map(({ what, name }) => `${name} ${what}`).join("\n")}`,
      );
      assert.ok(
        result.published.every((each) => each.token === token),
        "each came with the stolen token",
      );
      const thefts = findThefts(world, result.trace, result.network, result.published).filter(
        ({ credential }) => credential === "npm-token",
      );
      const said = JSON.stringify(thefts, null, 1);
      assert.ok(
        thefts.some(({ how, to, rightful }) => how === "sent" && to === "collect.example.org" && !rightful),
        said,
      );
      assert.ok(
        thefts.some(({ how }) => how === "used"),
        said,
      );
    }
    const started = performance.now();
    const corpus = await openCorpus(corpusDir);
    const [one, two] = [await runOf("train", train), await runOf("fresh", fresh)];
    const found = await analysePackages(one, two, { corpus, sample: { bytes: tarball, type: "npm" } });
    assert.ok(found && "detect" in found, JSON.stringify(found && "gaveUp" in found ? found.gaveUp : found));
    const derived = (performance.now() - started) / 1000;
    const proof = await provePackages(found.evidence, found.detect, found.repair);
    assert.deepEqual(
      [proof.why, proof.cleanHits, found.repairWhy],
      [null, 0, null],
      JSON.stringify(found.repair),
    );
    for (const each of [proof.train, proof.fresh])
      assert.deepEqual([each.detected, each.repaired], [each.infected, each.infected], JSON.stringify(proof));
    process.stdout.write(
      `${id}: ${proof.train.infected} and ${proof.fresh.infected} packages published with the stolen token in ` +
        `${train.result.seconds.toFixed(1)} and ${fresh.result.seconds.toFixed(1)} s; rule of ${found.detect.rule.length} bytes in ` +
        `${derived.toFixed(1)} s finds ${proof.train.detected + proof.fresh.detected}; clean tarballs back byte for byte: ` +
        `${proof.train.repaired + proof.fresh.repaired}; hits in ${proof.clean} clean decoy packages: ${proof.cleanHits}\n`,
    );
    await noOthers(id, found.detect);
  });
}

const folder = join(testData, "npm");
const offline = canFetch();
async function noOthers(id: string, detect: Parameters<typeof scanOthers>[0]): Promise<void> {
  // Without a registry the proof on decoys and self still stands; what is left out is said.
  if (offline) return void process.stdout.write(`${id}: other packages were not looked at: ${offline}\n`);
  const others = await listOthers(OTHERS);
  const started = performance.now();
  await fetchOthers(folder, others);
  const fetched = performance.now();
  const scan = await scanOthers(
    detect,
    (async function* () {
      for (const other of others) yield { name: other.name, content: await readOther(folder, other) };
    })(),
  );
  assert.deepEqual([scan.hits, scan.packages], [[], OTHERS]);
  process.stdout.write(
    `${id}: hits in ${scan.packages} other packages: ${scan.hits.length} (fetched in ` +
      `${((fetched - started) / 1000).toFixed(1)} s, scanned in ${((performance.now() - fetched) / 1000).toFixed(1)} s)\n`,
  );
}

for (const lookalike of listPackageLookalikes()) {
  test(`${lookalike.id}: no decoy package changes`, { skip, timeout: 200_000 }, async () => {
    const { world, result } = await install(
      `${lookalike.id}-0.3.1.tgz`,
      packNpm(lookalike.sources()),
      `lookalike ${lookalike.id}`,
    );
    const decoys = new Set(world.packages.map(({ name }) => name));
    assert.deepEqual(
      result.published.filter(({ name }) => decoys.has(name)),
      [],
    );
    const run = await runOf("train", { world, result });
    const corpus = await openCorpus(corpusDir);
    assert.equal(
      await analysePackages(run, null, { corpus, sample: { bytes: Buffer.from("x"), type: "npm" } }),
      null,
    );
  });
}
