import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { SeededRandom } from "../../chamber/decoys/random.ts";
import { sshKey } from "./ssh.ts";
import { alphanumeric, checkedToken, pypiToken, uuid } from "./tokens.ts";

test("tokens of npm and GitHub end with the checksum of what stands before", () => {
  fc.assert(
    fc.property(fc.string(), (seed) => {
      const token = checkedToken(new SeededRandom(seed), "npm");
      assert.match(token, /^npm_[0-9A-Za-z]{36}$/);
      const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
      const check = [...token.slice(-6)].reduce((sum, letter) => sum * 62 + digits.indexOf(letter), 0);
      assert.equal(check, crc32(token.slice(4, -6)));
    }),
  );
});

test("the form of other tokens", () => {
  const random = new SeededRandom("forms");
  assert.match(pypiToken(random), /^pypi-AgEIcHlwaS5vcmc[\w-]{100,}$/);
  assert.match(uuid(random), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(alphanumeric(random, 300).length, 300);
});

test("ssh-keygen reads the key and derives the same public half", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-ssh-"));
  try {
    for (const comment of ["", "a", "sam@desk", "deploy@desk"]) {
      const key = sshKey(new SeededRandom(`ssh ${comment}`), comment);
      assert.ok(key.needles.length > 0);
      const body = key.file.split("\n");
      for (const needle of key.needles) {
        assert.ok(needle.length >= 12);
        assert.ok(body.some((line) => line.includes(needle)));
        assert.ok(!key.publicLine.includes(needle));
      }
      const file = join(folder, "id");
      await writeFile(file, key.file, { mode: 0o600 });
      const said = spawnSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" });
      if (said.error && !process.env.CI) return t.skip("needs ssh-keygen on this machine");
      assert.equal(said.status, 0, said.stderr);
      assert.equal(said.stdout.trim(), key.publicLine.trim());
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
