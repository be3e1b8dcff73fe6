/**
 * Rules for package worms over other packages: seconds to fetch them, to scan them, and what is hit (nothing should be).
 * `npm run bench -- packages [--count N]`; the packages are fetched by npm into the test data folder, once.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Detection } from "@thymus/contracts";
import { fetchOthers, listOthers, listPackageWorms, readOther } from "@thymus/testkit/packages";
import { analysePackages, provePackages, scanOthers } from "../apps/analysis/src/packages/index.ts";
import { wormRun } from "../apps/analysis/src/packages/testing/runs.ts";
import { openCorpus } from "../apps/analysis/src/self/index.ts";
import { ensureTestData } from "./shared/test-data.ts";

const { values } = parseArgs({
  options: { count: { type: "string" }, json: { type: "boolean", default: false } },
});
const { data, corpusDir } = ensureTestData();
const folder = join(data, "npm");
const others = await listOthers(values.count === undefined ? undefined : Number(values.count));
const corpus = await openCorpus(corpusDir);

const seconds = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const started = performance.now();
  return [await work(), (performance.now() - started) / 1000];
};
const say = (line: string) => process.stderr.write(`${line}\n`);

const [, fetched] = await seconds(() =>
  fetchOthers(folder, others, (there) => say(`${there} of ${others.length} packages are here`)),
);
async function* tarballs() {
  for (const other of others) yield { name: other.name, content: await readOther(folder, other) };
}

const rows = [];
for (const { id } of listPackageWorms()) {
  const [train, fresh] = [await wormRun(id, "train"), await wormRun(id, "fresh")];
  const [found, derived] = await seconds(() =>
    analysePackages(train, fresh, { corpus, sample: { bytes: Buffer.from(id), type: "other" } }),
  );
  if (!found || "gaveUp" in found) throw new Error(`${id}: ${found?.gaveUp.why ?? "nothing was published"}`);
  const proof = await provePackages(found.evidence, found.detect, found.repair);
  const [scan, scanned] = await seconds(() => scanOthers(found.detect as Detection, tarballs()));
  rows.push({ id, derived, proof, scan, scanned, rule: found.detect.rule });
}

if (values.json) process.stdout.write(`${JSON.stringify({ fetched, rows })}\n`);
else {
  process.stdout.write(`\n${others.length} other packages, fetched in ${fetched.toFixed(1)} s\n`);
  for (const { id, derived, proof, scan, scanned, rule } of rows) {
    const { train, fresh } = proof;
    process.stdout.write(
      `${id}: rule of ${rule.length} bytes in ${derived.toFixed(1)} s; found ${train.detected + fresh.detected} of ${train.infected + fresh.infected}, ` +
        `given back byte for byte ${train.repaired + fresh.repaired}; hits ${scan.hits.length} of ${scan.packages} packages ` +
        `(${(scan.bytes / 1e6).toFixed(0)} MB packed, ${scanned.toFixed(1)} s)\n`,
    );
  }
}
process.exitCode = rows.some(({ scan }) => scan.hits.length > 0) ? 1 : 0;
