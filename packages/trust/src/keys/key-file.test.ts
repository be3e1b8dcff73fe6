import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { scratchFolder } from "../testing/scratch.ts";
import { loadOrCreateLinkKeys } from "./link-keys.ts";
import { loadOrCreateSampleIdentity } from "./sample-identity.ts";
import { loadOrCreateSigningKeys } from "./signing-keys.ts";

const loaders = {
  signing: async (file: string) => (await loadOrCreateSigningKeys(file)).publicKey,
  link: async (file: string) => (await loadOrCreateLinkKeys(file)).publicKey,
  sample: async (file: string) => (await loadOrCreateSampleIdentity(file)).recipient,
};

for (const [name, load] of Object.entries(loaders)) {
  test(`a ${name} key is made once, private, and stays`, async (t) => {
    const folder = join(scratchFolder(t), "keys");
    const file = join(folder, "own.key");
    const first = await load(file);
    assert.equal(await load(file), first);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.match(first, name === "sample" ? /^age1[0-9a-z]+$/ : /^[A-Za-z0-9_-]{43}$/);
  });

  test(`a damaged ${name} key is refused, not replaced`, async (t) => {
    const file = join(scratchFolder(t), "own.key");
    await load(file);
    const text = readFileSync(file, "utf8");
    for (const damaged of ["", text.slice(0, text.length >> 1), text.replace(/[a-z0-9]/gi, "A")]) {
      writeFileSync(file, damaged);
      await assert.rejects(load(file), { name: "ThymusError", code: "KEY_INVALID" });
      assert.equal(readFileSync(file, "utf8"), damaged);
    }
  });

  test(`a ${name} key that others may read is refused with the command that mends it`, async (t) => {
    const file = join(scratchFolder(t), "own.key");
    const first = await load(file);
    for (const mode of [0o640, 0o604, 0o620, 0o644]) {
      chmodSync(file, mode);
      await assert.rejects(load(file), { code: "KEY_PERMISSIONS", hint: `chmod 600 ${file}` });
    }
    chmodSync(file, 0o400);
    assert.equal(await load(file), first);
  });
}

test("a key of the other curve is refused", async (t) => {
  const file = join(scratchFolder(t), "own.key");
  await loadOrCreateSigningKeys(file);
  await assert.rejects(loadOrCreateLinkKeys(file), { code: "KEY_INVALID" });
});

test("a folder, or a link that leads nowhere, is no key", async (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, "folder.key"));
  await assert.rejects(loadOrCreateSigningKeys(join(folder, "folder.key")), { code: "KEY_INVALID" });
  symlinkSync(join(folder, "missing"), join(folder, "dangling.key"));
  await assert.rejects(loadOrCreateSigningKeys(join(folder, "dangling.key")), { code: "UNREADABLE" });
});

test("processes that start at the same time end with the same key", async (t) => {
  const file = join(scratchFolder(t), "keys", "own.key");
  const program = `
    import { loadOrCreateSigningKeys } from ${JSON.stringify(import.meta.resolve("./signing-keys.ts"))};
    process.stdout.write((await loadOrCreateSigningKeys(${JSON.stringify(file)})).publicKey);`;
  const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  const answers = await Promise.all([start(), start(), start()]);
  const inProcess = await Promise.all(Array.from({ length: 8 }, () => loaders.signing(file)));
  assert.deepEqual(new Set([...answers.map(({ stdout }) => stdout), ...inProcess]).size, 1);
});
