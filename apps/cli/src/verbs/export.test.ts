import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Prescription } from "@thymus/contracts";

const main = join(import.meta.dirname, "../main.ts");
const dir = mkdtempSync(join(tmpdir(), "thymus-export-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const digit = (one: string) => one.repeat(64);
function prescription(letter: string, condition: string, replaces: string[] = []): string {
  const document = Prescription.parse({
    ...{
      version: 1,
      id: `rx-${letter.repeat(16)}`,
      pathogen: "infection",
      family: `elf.${letter}`,
      aliases: [],
    },
    detect: {
      engine: "yara-x",
      rule: `rule ${letter} { strings: $a = "text of ${letter}" condition: ${condition} }`,
      scope: ["elf64"],
    },
    repair: [],
    ...(replaces.length > 0 ? { replaces } : {}),
    proof: {
      decoys: {
        ...{ infected: 4, detected: 4, repaired: 0, freshInfected: 4, freshDetected: 4, freshRepaired: 0 },
      },
      goodware: { files: 10, bytes: 100, matches: 0, corpus: `sha256:${digit("c")}` },
      samples: [digit("a")],
      evidence: digit("e"),
      chamber: { kind: "qemu-tcg", trust: "isolated", image: digit("1") },
      seconds: { total: 1, chamber: 1, signature: 0, proof: 0 },
    },
    made: {
      by: "a test",
      version: "0",
      at: letter === "b" ? "2030-01-01T00:00:00Z" : "2029-01-01T00:00:00Z",
    },
  });
  writeFileSync(join(dir, `${letter}.json`), JSON.stringify(document));
  return join(dir, `${letter}.json`);
}
const first = prescription("a", "$a");
const second = prescription("b", "$a and #a < 9", [`rx-${"a".repeat(16)}`]);

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", main, "prescriptions", "export", first, second, ...args],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

test("what ClamAV cannot say is told, the rest is written", () => {
  const out = join(dir, "out.ldb");
  const { status, stdout, stderr } = run("--format", "clamav", "--out", out);
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^rx-b{16}: refused: its condition has more than strings/);
  const hex = Buffer.from("text of a").toString("hex");
  assert.equal(
    readFileSync(out, "utf8"),
    `Thymus.elf.a.rx-${"a".repeat(16)};Engine:81-255,Target:6;0;${hex}\n`,
  );
});

test("STIX is one bundle, in which the replaced rule is revoked", () => {
  const { status, stdout } = run("--format", "stix", "--json");
  assert.equal(status, 0);
  const { format, bundle } = JSON.parse(stdout);
  assert.equal(format, "stix");
  const indicators = bundle.objects.filter(({ type }: { type: string }) => type === "indicator");
  assert.deepEqual(
    indicators.map(({ pattern_type, revoked, valid_from }: Record<string, unknown>) => [
      pattern_type,
      revoked ?? false,
      valid_from,
    ]),
    [
      ["yara", true, "2029-01-01T00:00:00.000Z"],
      ["yara", false, "2030-01-01T00:00:00.000Z"],
    ],
  );
});
