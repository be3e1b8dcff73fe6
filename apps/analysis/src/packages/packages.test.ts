import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { PackageRepair, Prescription } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { listPackageWorms } from "@thymus/testkit/packages";
import { analysePackages, type PackageCure, type PackagesGaveUp } from "./analyse.ts";
import { packageHolds } from "./holds.ts";
import { pairPublished } from "./pair.ts";
import { provePackages } from "./prove.ts";
import type { PublishedRun } from "./published.ts";
import { type HostPackage, madeRun, pack, registryOf, smallSelf, up, wormRun } from "./testing/runs.ts";

const analyse = async (train: PublishedRun, fresh: PublishedRun | null) =>
  analysePackages(train, fresh, {
    corpus: await smallSelf(),
    sample: { bytes: Buffer.from("x"), type: "other" },
  });

function cured(found: PackageCure | PackagesGaveUp | null): PackageCure {
  assert.ok(found && "detect" in found, JSON.stringify(found && "gaveUp" in found ? found.gaveUp : found));
  Prescription.shape.detect.parse(found.detect);
  Prescription.shape.repair.parse(found.repair);
  return found;
}

for (const { id } of listPackageWorms())
  test(`${id}: every package is found and comes back byte for byte, no clean one is hit`, {
    skip: needs("bwrap"),
  }, async () => {
    const [train, fresh] = [await wormRun(id, "train"), await wormRun(id, "fresh")];
    const found = cured(await analyse(train, fresh));
    const proof = await provePackages(found.evidence, found.detect, found.repair);
    const all = { detected: 8, infected: 8, repaired: 8, sameTar: 0, wrong: 0, refused: 0 };
    assert.deepEqual(proof, { train: all, fresh: all, clean: 28, cleanHits: 0, why: null });
    assert.equal(found.repairWhy, null);
    assert.doesNotMatch(found.detect.rule, /DRILL|thymus-drill|package-(bundle|append)/);
    const { name } = train.packages[0]!;
    assert.ok(!found.detect.rule.includes(name));
  });

const PAYLOAD = `"use strict";
const grebes = [18, 44, 97].map((step) => step * 3 + 1);
const lantern = "a quiver of seven herons, and the cooper's ladle";
module.exports = { grebes, lantern, moorings: "x2-77-quay" };
`;

/** A file with the stolen token and the host's own words in it, under another name in each package. */
function varying({ manifest, version, files, token, index, name }: HostPackage) {
  const path = `setup-${(index * 7919 + name.length).toString(36)}.cjs`;
  const scripts = { ...(manifest.scripts as object | undefined), preinstall: `node ${path}` };
  const next = { ...manifest, version: up(version), scripts };
  const infected = new Map(files);
  infected.set("package.json", `${JSON.stringify(next, null, 2)}\n`);
  infected.set(path, `// ${name}\nconst found = "${token}";\n${PAYLOAD}// ${token.repeat(index + 1)}\n`);
  return { version: up(version), files: infected };
}

test("a payload that carries the stolen token: the rule rests on neither token nor host", async () => {
  const [train, fresh] = [await madeRun("train", varying), await madeRun("fresh", varying)];
  const found = cured(await analyse(train, fresh));
  const { token } = await registryOf("made train");
  for (let at = 0; at + 8 <= token.length; at++)
    assert.ok(!found.detect.rule.includes(token.slice(at, at + 8)));
  const proof = await provePackages(found.evidence, found.detect, found.repair);
  assert.deepEqual([proof.why, found.repairWhy], [null, null]);
  assert.deepEqual(
    [proof.train.repaired, proof.fresh.repaired, proof.train.wrong, proof.fresh.wrong],
    [8, 8, 0, 0],
  );
  const recipe = PackageRepair.parse(found.repair[0]);
  assert.ok(recipe.drop[0] && "anchor" in recipe.drop[0] && recipe.drop[0].path === null);
});

test("what is lost is said, and the rule travels alone", async () => {
  const worse: [RegExp, (host: HostPackage) => { version: string; files: Map<string, string> }][] = [
    [
      /layout/,
      (host) => {
        const made = varying(host);
        const tabs = JSON.stringify(JSON.parse(made.files.get("package.json")!), null, "\t");
        return { ...made, files: made.files.set("package.json", tabs) };
      },
    ],
    [
      /main was overwritten|main of manifests|description was overwritten/,
      (host) => {
        const made = varying(host);
        const manifest = { ...JSON.parse(made.files.get("package.json")!), description: "other words" };
        return { ...made, files: made.files.set("package.json", `${JSON.stringify(manifest, null, 2)}\n`) };
      },
    ],
    [
      /taken out/,
      (host) => {
        const made = varying(host);
        made.files.delete("README.md");
        return made;
      },
    ],
  ];
  for (const [why, change] of worse) {
    const found = cured(await analyse(await madeRun("train", change), await madeRun("fresh", change)));
    assert.deepEqual(found.repair, []);
    assert.match(found.repairWhy!, why);
    const proof = await provePackages(found.evidence, found.detect, found.repair);
    assert.deepEqual([proof.why, proof.train.refused, proof.train.detected], [null, 8, 8]);
  }
});

test("clean tarballs of another compressor: the same tar stream, counted apart", async () => {
  const other = (content: Uint8Array) =>
    new Uint8Array(execFileSync("gzip", ["-5", "-n"], { input: gunzipSync(content) }));
  const repacked = (run: PublishedRun): PublishedRun => ({
    ...run,
    packages: run.packages.map((each) => ({
      ...each,
      file: {
        ...each.file,
        content: each.ecosystem === "npm" ? other(each.file.content) : each.file.content,
      },
    })),
  });
  const [train, fresh] = [await madeRun("train", varying), await madeRun("fresh", varying)];
  const found = cured(await analyse(repacked(train), repacked(fresh)));
  const { train: seen } = await provePackages(found.evidence, found.detect, found.repair);
  assert.deepEqual([seen.repaired + seen.sameTar, seen.wrong, seen.refused], [8, 0, 0]);
  if (seen.sameTar > 0) assert.match(found.repairWhy!, /compressed by another library/);
});

test("a text in a package is seen although it is compressed", () => {
  const tarball = pack(
    new Map([
      ["package.json", '{"name":"a","version":"1.0.0"}'],
      ["x.js", "// MARK-OF-A-DRILL\n"],
    ]),
  );
  assert.ok(packageHolds(tarball, "MARK-OF-A-DRILL"));
  assert.ok(!packageHolds(tarball, "MARK-OF-ANOTHER"));
  assert.ok(!packageHolds(Buffer.from("MARK-OF-A-DRILL"), "MARK-OF-A-DRILL"));
});

test("no changed package is no worm; one run alone proves nothing", async () => {
  const nothing = () => null;
  assert.equal(await analyse(await madeRun("train", nothing), await madeRun("fresh", nothing)), null);
  const alone = await analyse(await madeRun("train", varying), null);
  assert.ok(alone && "gaveUp" in alone && alone.gaveUp.code === "PERSON_NEEDED");
  assert.equal(alone.evidence.filter(({ state }) => state === "changed").length, 8);
  const same = await madeRun("train", ({ version, files }) => ({ version: up(version), files }));
  assert.equal(await analyse(same, same), null);
});

test("a run that brings only what clean packages hold gives no rule", async () => {
  const copy = ({ files, version }: HostPackage) => ({
    version: up(version),
    files: new Map(files).set("COPYING", files.get("LICENSE")!),
  });
  const found = await analyse(await madeRun("train", copy), await madeRun("fresh", copy));
  assert.ok(found && "gaveUp" in found, "a licence is nobody's signature");
});

test("pairs: new packages, unreadable tarballs and unchanged ones are told apart", async () => {
  const { packages, latest } = await registryOf("pairs");
  const [one, two] = latest as [(typeof latest)[0], (typeof latest)[0]];
  const files = new Map([["package.json", '{"name":"new","version":"1.0.0"}']]);
  const { pairs, others } = pairPublished(
    [
      { name: "new", version: "1.0.0", content: pack(files) },
      { name: one.name, version: "99.0.0", content: Buffer.from("no tarball") },
      { name: one.name, version: "99.0.1", content: one.file.content },
      { name: two.name, version: "99.0.0", content: pack(files) },
    ],
    packages,
  );
  assert.equal(others.length, 3);
  assert.match(others[0]!, /new package/);
  assert.match(others[1]!, /cannot be read/);
  assert.match(others[2]!, /holds what/);
  assert.deepEqual(
    pairs.map(({ name, path }) => [name, path]),
    [[two.name, `${two.name.replace(/^@/, "").replace("/", "-")}-99.0.0.tgz`]],
  );
  assert.ok(pairs[0]!.changes.some(({ after }) => after === null));
});
