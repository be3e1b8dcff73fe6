/** What is exported, in the scanners that it is exported for: they find what YARA-X finds. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { loadEngine } from "@thymus/detection";
import { needs } from "@thymus/testkit";
import fc from "fast-check";
import { pairInfections, type Specimen } from "../infection/index.ts";
import { fakeSelf } from "../infection/testing/fake-self.ts";
import { elfHosts, textHosts } from "../infection/testing/hosts.ts";
import { type InertInfection, inertInfections } from "../infection/testing/inert/index.ts";
import { random } from "../infection/testing/random.ts";
import { deriveRule } from "../signature/index.ts";
import { toClamav } from "./clamav.ts";
import { Bench, type Findings } from "./testing/scanners.ts";

const engine = await loadEngine();
const benches: Bench[] = [];
after(() => {
  for (const bench of benches) bench.remove();
});
const benchOf = (files: Record<string, Uint8Array>) => {
  const bench = new Bench(files);
  benches.push(bench);
  return bench;
};

function byYaraX(rules: readonly string[], files: Record<string, Uint8Array>): Findings {
  const compiled = engine.compile(rules.map((source, at) => ({ namespace: `n${at}`, source })));
  const found: Record<string, string[]> = {};
  for (const [name, bytes] of Object.entries(files)) {
    const names = compiled.scan(bytes).map(({ rule }) => rule);
    if (names.length > 0) found[name] = names.sort();
  }
  compiled.close();
  return found;
}

const goodware = [...elfHosts(4, {}, 7), ...textHosts(["shell", "node"], 4, {}, 7)];
const self = fakeSelf(goodware.map(({ bytes }) => bytes));
const hostsOf = ({ types: [type] }: InertInfection, round: number) =>
  type === "elf64" ? elfHosts(6, {}, round) : textHosts([type!], 6, { newline: true }, round);

function specimens(infection: InertInfection, round: number): Specimen[] {
  return hostsOf(infection, round).flatMap(({ path, kind, type, bytes }, i) => {
    const infected = infection.infect(bytes, random(round * 1000 + i * 17 + 3));
    return infected === null ? [] : [{ path, kind, type, before: bytes, after: infected }];
  });
}

/** One rule of each form that derivation writes, and files that they have not seen, infected and clean. */
async function derivedRules() {
  const rules: { id: string; source: string; elf: boolean }[] = [];
  const files: Record<string, Uint8Array> = {};
  for (const id of [
    "elf-append-fixed",
    "elf-append-xor1",
    "elf-append-base64",
    "elf-append-registers",
    "elf-append-sliding",
    "script-node-everything",
  ]) {
    const infection = inertInfections.find((each) => each.id === id)!;
    const seen = specimens(infection, 0);
    const derived = await deriveRule({
      ...{ analysis: pairInfections(seen), specimens: seen, corpus: self, family: id.replaceAll("-", ".") },
      sample: { bytes: Buffer.alloc(0), type: "text" },
    });
    assert.ok("rule" in derived, JSON.stringify(derived));
    rules.push({ id, source: derived.rule, elf: id.startsWith("elf") });
    for (const [i, { before, after: infected }] of specimens(infection, 3).entries()) {
      files[`${id}-${i}`] = infected;
      files[`${id}-${i}-clean`] = before;
    }
  }
  return { rules, files };
}
const { rules, files } = await derivedRules();
const nameOf = (source: string) => /^rule (\w+)/m.exec(source)![1]!;

test("YARA 4 takes the rule of every form and finds the same files", { skip: needs("yara") }, () => {
  const expected = byYaraX(
    rules.map(({ source }) => source),
    files,
  );
  const infected = Object.keys(files).filter((name) => !name.endsWith("-clean"));
  assert.deepEqual(Object.keys(expected).sort(), infected.sort());
  assert.deepEqual(benchOf(files).yara(rules.map(({ source }) => source).join("\n")), expected);
});

test("ClamAV finds the same files by every rule that can be said", { skip: needs("clamscan") }, () => {
  const made = rules.map((rule) => ({
    ...rule,
    made: toClamav(nameOf(rule.source), rule.source, rule.elf ? ["elf64", "elf32"] : ["node"]),
  }));
  const said = made.flatMap(({ made: each, source }) =>
    "signature" in each ? [{ line: each.signature, source }] : [],
  );
  assert.deepEqual(
    made.flatMap(({ id, made: each }) => ("refused" in each ? [`${id}: ${each.refused}`] : [])),
    [
      "elf-append-xor1: $a0 is searched with xor",
      "elf-append-base64: $a0 is searched with base64",
      "elf-append-sliding: its condition has more than strings, their places, sizes, and, or, and k of n",
    ],
  );
  const expected = byYaraX(
    said.map(({ source }) => source),
    files,
  );
  assert.equal(Object.keys(expected).length, 18);
  assert.deepEqual(benchOf(files).clamscan(said.map(({ line }) => `${line}\n`).join("")), expected);
});

/** Rules of one string or count, over bytes in which they are often there. */
const letter = fc.constantFrom("61", "62", "63");
const run = fc.array(letter, { minLength: 2, maxLength: 3 }).map((all) => all.join(""));
const hexString = fc
  .tuple(run, fc.array(fc.tuple(fc.constantFrom("", "??", "[1-2]", "[2]", "(61|63)", "(6162|63)"), run)))
  .map(([first, more]) => `{ ${first}${more.slice(0, 2).flat().join(" ")} }`);
const textString = fc
  .tuple(run, fc.constantFrom("", "nocase", "fullword", "wide", "ascii wide"))
  .map(([hex, modifier]) => `"${Buffer.from(hex, "hex").toString()}" ${modifier}`);
const condition = fc.constantFrom(
  ...["all of them", "any of them", "2 of them", "$a and ($b or $c)", "$a at 2 or $b", "$c in (1..4)"],
  ...[
    "filesize < 9 and any of them",
    "filesize >= 4 and 2 of ($a, $b)",
    "uint16(1) == 0x6261 or all of them",
  ],
);

test("ClamAV and YARA-X agree on any rule that can be said", { skip: needs("clamscan") }, () => {
  const content = fc
    .array(fc.constantFrom(..."abcabcA_ \0"), { minLength: 8, maxLength: 16 })
    .map((letters) => Buffer.from(letters.join("")));
  const [strings, contents] = [
    fc.sample(fc.tuple(fc.oneof(hexString, textString), fc.oneof(hexString, textString), run, condition), {
      numRuns: 150,
      seed: 4,
    }),
    fc.sample(content, { numRuns: 150, seed: 5 }),
  ];
  const tried = strings.map(([a, b, c, when], at) => {
    const used = ["$a", "$b", "$c"].filter((id) => when.includes("them") || when.includes(id));
    const texts = { $a: a, $b: b, $c: `{ ${c} }` } as Record<string, string>;
    return `rule r${at} { strings: ${used.map((id) => `${id} = ${texts[id]}`).join(" ")} condition: ${when} }`;
  });
  const made = tried.flatMap((source) => {
    const each = toClamav(nameOf(source), source, ["text"]);
    return "signature" in each ? [{ source, line: each.signature }] : [];
  });
  assert.ok(made.length > 100, `${made.length}`);
  const all = Object.fromEntries(contents.map((bytes, at) => [`f${at}`, bytes]));
  assert.deepEqual(
    benchOf(all).clamscan(made.map(({ line }) => `${line}\n`).join("")),
    byYaraX(
      made.map(({ source }) => source),
      all,
    ),
  );
});
