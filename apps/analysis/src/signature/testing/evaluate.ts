/** By hand: what share of unseen hosts is found by rules from others, for every inert infection. See the README. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileType } from "@thymus/contracts";
import { identifyFile, loadEngine } from "@thymus/detection";
import { pairInfections, type Specimen } from "../../infection/index.ts";
import { inertInfections } from "../../infection/testing/inert/index.ts";
import { random } from "../../infection/testing/random.ts";
import { openCorpus } from "../../self/index.ts";
import { deriveRule, type Self } from "../index.ts";

const [corpusFolder, wanted = "", train = "12", mode = "model"] = process.argv.slice(2);
if (corpusFolder === undefined) throw new Error("give the folder of a corpus");
const TRAIN = Number(train);
const UNSEEN = 20;
const MAX_HOST = 400_000;

const folders = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/share",
  "/usr/lib/python3",
  "/usr/lib/git-core",
  "node_modules/.pnpm",
];
const hosts = new Map<FileType, { path: string; bytes: Buffer }[]>();
const enough = (type: FileType) => (hosts.get(type)?.length ?? 0) >= TRAIN + UNSEEN;

function gather(folder: string, depth: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) gather(path, depth - 1);
    if (!entry.isFile() || statSync(path).size > MAX_HOST || statSync(path).size < 200) continue;
    const bytes = readFileSync(path);
    const type = identifyFile(bytes, entry.name);
    if (!["elf64", "shell", "python", "node", "perl", "php"].includes(type) || enough(type)) continue;
    hosts.set(type, [...(hosts.get(type) ?? []), { path, bytes }]);
  }
}
for (const folder of folders) gather(folder, 7);
while (!enough("php")) {
  // A machine without PHP: pages that are made up.
  const i = hosts.get("php")?.length ?? 0;
  const bytes = Buffer.from(`<?php\n// page ${i}\n${"echo strlen('host part');\n".repeat(3 + i)}`);
  hosts.set("php", [...(hosts.get("php") ?? []), { path: `/srv/page${i}.php`, bytes }]);
}

const corpus = await openCorpus(corpusFolder);
const clean = [...hosts.values()].flat();
const engine = await loadEngine();
const small: Self = {
  logProbability: (bytes) => corpus.logProbability(bytes),
  async scan(sources) {
    const rules = engine.compile(sources);
    const hits = clean.flatMap(({ bytes }) =>
      rules.scan(bytes).map(({ namespace, rule }) => ({ namespace, rule })),
    );
    rules.close();
    return { files: clean.length, bytes: 0, hits };
  },
};
const self: Self = mode === "corpus" ? corpus : small;

let totals = { found: 0, unseen: 0, refused: 0, wrong: 0, missed: 0 };
const rows: string[] = [];
const rules: string[] = [];
for (const infection of inertInfections.filter(({ id }) => id.includes(wanted))) {
  const list = (hosts.get(infection.types[0]!) ?? []).flatMap(({ path, bytes }, i): Specimen[] => {
    const after = infection.infect(bytes, random(i * 31 + 7));
    return after === null ? [] : [{ path, kind: "real", type: infection.types[0]!, before: bytes, after }];
  });
  const train = list.slice(0, TRAIN);
  const unseen = list.slice(TRAIN);
  const cpu = process.cpuUsage();
  const analysis = pairInfections(train);
  const paired = process.cpuUsage(cpu).user / 1e6;
  const derived = await deriveRule({
    ...{ analysis, specimens: train, corpus: self, family: "test.inert" },
    sample: { bytes: Buffer.alloc(0), type: "text" },
  });
  const seconds = process.cpuUsage(cpu).user / 1e6;
  const figures = `pair ${paired.toFixed(2)} all ${seconds.toFixed(2)} s`;
  if ("gaveUp" in derived) {
    totals = { ...totals, refused: totals.refused + 1 };
    const mark = infection.refusable ? "refused" : "REFUSED";
    rows.push(
      `${mark.padEnd(9)} ${infection.id.padEnd(40)} ${figures} ${derived.gaveUp.code}: ${derived.gaveUp.why}`,
    );
  } else {
    const compiled = engine.compile([{ namespace: "a", source: derived.rule }]);
    const found = unseen.filter(({ after }) => compiled.scan(after).length > 0).length;
    const wrong = clean.filter(({ bytes }) => compiled.scan(bytes).length > 0).length;
    compiled.close();
    rules.push(derived.rule.replace("thymus_test_inert", infection.id.replaceAll("-", "_")));
    totals.found += found;
    totals.unseen += unseen.length;
    totals.wrong += wrong;
    totals.missed += found < unseen.length ? 1 : 0;
    const mark = found < unseen.length || wrong > 0 ? "MISSED" : "found";
    rows.push(
      `${mark.padEnd(9)} ${infection.id.padEnd(40)} ${figures} ${found}/${unseen.length} wrong ${wrong} ${derived.forms} ${derived.rule.length} B`,
    );
    if (wanted !== "" || mark === "MISSED") rows.push(derived.rule);
  }
  console.log(rows.at(-1)?.startsWith("rule") ? rows.slice(-2).join("\n") : rows.at(-1));
}
console.log(JSON.stringify(totals));
const sizes = rules.map((rule) => rule.length).sort((a, b) => a - b);
console.log(`${rules.length} rules, median ${sizes[sizes.length >> 1]} bytes, largest ${sizes.at(-1)}`);
if (mode === "proof") {
  const cpu = process.cpuUsage();
  const { files, hits } = await corpus.scan([{ namespace: "all", source: rules.join("\n") }]);
  console.log(`self: ${files} files, ${hits.length} hits, ${process.cpuUsage(cpu).user / 1e6} CPU s`);
  for (const { rule, path } of hits) console.log(`  ${rule} ${path}`);
}
