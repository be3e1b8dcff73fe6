/** What runs on macOS and Windows, as far as that can be known on Linux: nothing of Linux is touched by loading a verb. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "../..");
const main = join(root, "apps/cli/src/main.ts");

/**
 * Another platform as far as a program can see it: its name, no C library (koffi finds no binary), nothing below /proc and /sys, no user ids.
 * Everything else is still Linux: what was never run on the real one is not proved by this.
 */
const disguise = (platform: string) => `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
Object.defineProperty(process, "platform", { value: ${JSON.stringify(platform)} });
delete process.getuid;
const hidden = (path) => typeof path === "string" && /^[/](proc|sys)[/]/.test(path);
for (const name of ["readFileSync", "openSync", "readdirSync", "statSync", "lstatSync"]) {
  const real = fs[name];
  fs[name] = (path, ...rest) => {
    if (hidden(path)) throw Object.assign(new Error("ENOENT: " + path), { code: "ENOENT" });
    return real(path, ...rest);
  };
}
syncBuiltinESMExports();
`;

const rule = 'rule marked { strings: $a = "a mark that nobody else has" condition: $a }\n';

for (const [platform, whole] of [
  ["darwin", true],
  ["win32", false],
] as const)
  test(`on ${platform} scan, baseline, join and help run, and the rest says that it is Linux only`, () => {
    const dir = mkdtempSync(join(tmpdir(), "thymus-platform-"));
    const preload = join(dir, "disguise.mjs");
    writeFileSync(preload, disguise(platform));
    const thymus = (...args: string[]) =>
      spawnSync(process.execPath, ["--no-warnings", "--import", preload, main, ...args], {
        encoding: "utf8",
        timeout: 120_000,
      });
    try {
      mkdirSync(join(dir, "files"));
      mkdirSync(join(dir, "data"));
      writeFileSync(join(dir, "files/one.sh"), "#!/bin/sh\n# a mark that nobody else has\n");
      writeFileSync(join(dir, "files/two.sh"), "#!/bin/sh\necho two\n");
      writeFileSync(join(dir, "mark.yar"), rule);
      writeFileSync(
        join(dir, "data/thymus.toml"),
        `[agent]\nwatch = [${JSON.stringify(join(dir, "files"))}]\n`,
      );
      const data = ["--data", join(dir, "data")];
      assert.equal(thymus("--help").status, 0);
      const scan = thymus("scan", join(dir, "files"), "--rules", join(dir, "mark.yar"), ...data);
      assert.equal(scan.status, 1, scan.stderr);
      assert.match(scan.stdout, /one\.sh/);
      assert.doesNotMatch(scan.stdout, /two\.sh/);
      const doctor = thymus("doctor", "--json", ...data);
      assert.equal(doctor.status, 1, doctor.stderr);
      assert.match(thymus("agent", ...data).stderr, /^thymus: RUNTIME_MISSING: .*Linux only/m);
      if (!whole) return;
      const made = thymus("baseline", "create", ...data);
      assert.equal(made.status, 0, made.stderr);
      writeFileSync(join(dir, "files/two.sh"), "#!/bin/sh\necho changed\n");
      const checked = thymus("baseline", "check", ...data);
      assert.equal(checked.status, 1, checked.stderr);
      assert.match(checked.stdout, /two\.sh/);
      const joined = thymus("join", "http://127.0.0.1:9", "no-token", ...data);
      assert.match(joined.stderr, /TOKEN_INVALID/);
      for (const verb of [
        ["immunize", join(dir, "files/one.sh")],
        ["service", "install"],
      ]) {
        const said = thymus(...verb, ...data);
        assert.equal(said.status, 2, `${verb[0]}: ${said.stderr}`);
        assert.match(said.stderr, /^thymus: RUNTIME_MISSING: .*(Linux|systemd)/m, verb.join(" "));
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

test("the table of what runs where names every verb", () => {
  const table = readFileSync(join(root, "docs/guide/other-systems.md"), "utf8");
  const help = spawnSync(process.execPath, ["--no-warnings", main, "--help"], { encoding: "utf8" }).stdout;
  const verbs = [...help.split(/^Commands:$/m)[1]!.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb!);
  for (const verb of verbs.filter((each) => each !== "help"))
    assert.match(table, new RegExp(`\`${verb}[\`, ]`), verb);
});
