import assert from "node:assert/strict";
import test from "node:test";
import { guestUser } from "../chamber/layout.ts";
import { createWorld } from "./create.ts";

const text = (content: Uint8Array) => Buffer.from(content).toString("latin1");

test("the same seed gives the same world, another one other secrets and other packages", async () => {
  const first = await createWorld("one");
  assert.deepEqual(await createWorld("one"), first);
  const needles = new Set(first.honey.flatMap((one) => one.needles));
  const second = await createWorld("two");
  assert.ok(second.honey.flatMap((one) => one.needles).every((needle) => !needles.has(needle)));
  const packed = new Set(first.packages.map((one) => text(one.file.content)));
  assert.ok(second.packages.every((one) => !packed.has(text(one.file.content))));
});

test("a world is small, its paths are plain and distinct, and decoys keep their places", async () => {
  for (const seed of ["a", "b", "c", "d", "e"]) {
    const { files } = await createWorld(seed);
    assert.ok(files.length < 200, `${files.length} files`);
    assert.ok(files.reduce((sum, file) => sum + file.content.length, 0) < 1_500_000);
    assert.equal(new Set(files.map((file) => file.path)).size, files.length);
    for (const { path, root } of files) {
      assert.match(path, /^(\/[\w.@+ -]+)+$/);
      assert.doesNotMatch(path, /\/\.\.?(\/|$)/);
      assert.doesNotMatch(path, /^(\/home\/sam\/(bin|projects)|\/usr|\/opt|\/srv)\//);
      // Decoy documents are called word-number.ending.
      assert.doesNotMatch(path, /\/[a-z]+-\d{1,2}\.(txt|csv|md|json|jpg)$/);
      assert.equal(root, path.startsWith("/etc/"));
    }
  }
});

test("each needle lies in its file as it is or one base64 deep, in no other, and in no package", async () => {
  const { files, honey, packages } = await createWorld("needles");
  const all = files.map((file) => ({ path: file.path, text: text(file.content) }));
  const decoded = (content: string) =>
    content
      .match(/[A-Za-z0-9+/=]{40,}/g)
      ?.map((run) => Buffer.from(run, "base64").toString("latin1"))
      .join("\n") ?? "";
  for (const { kind, path, needles } of honey) {
    assert.ok(needles.length > 0, kind);
    const home = all.find((file) => file.path === path);
    assert.ok(home, path);
    for (const needle of needles) {
      assert.ok(needle.length >= 12, `${kind}: ${needle}`);
      assert.ok(home.text.includes(needle) || decoded(home.text).includes(needle), `${path}: ${needle}`);
      const holders = all.filter((file) => file.text.includes(needle)).map((file) => file.path);
      assert.ok(
        holders.every((holder) => holder === path),
        `${needle} in ${holders}`,
      );
    }
  }
  const secrets = honey.flatMap((one) => one.needles);
  assert.ok(packages.every((one) => secrets.every((needle) => !text(one.file.content).includes(needle))));
});

test("secrets are for their owner alone, and every kind that thieves look for is there", async () => {
  const { files, honey } = await createWorld("kinds");
  for (const { path } of honey) assert.equal(files.find((file) => file.path === path)!.mode, 0o600, path);
  const kinds = new Set(honey.map((one) => one.kind));
  for (const kind of [
    ...["npm-token", "pypi-token", "aws-key", "gcp-credentials", "azure-token", "github-token", "ssh-key"],
    ...["kube-config", "docker-auth", "netrc", "env-file", "database-password", "chat-token", "wallet"],
    ...["browser-store", "browser-cookies", "shell-history", "mail-password"],
  ])
    assert.ok(kinds.has(kind), kind);
  assert.equal(honey.filter((one) => one.kind === "env-file").length, 2);
});

test("the tokens of the registries belong to the account that owns the decoy packages", async () => {
  const { honey, packages, tokens } = await createWorld("registry");
  const needle = (kind: string) => honey.find((one) => one.kind === kind)!.needles[0]!;
  const account = tokens[needle("npm-token")]!.account;
  assert.deepEqual(tokens[needle("pypi-token")], { ecosystem: "pypi", account });
  const names = (ecosystem: string, own: boolean) =>
    new Set(
      packages
        .filter((one) => one.ecosystem === ecosystem && one.owners.includes(account) === own)
        .map((one) => one.name),
    ).size;
  assert.ok(names("npm", true) >= 8);
  assert.equal(names("pypi", true), 3);
  assert.ok(names("npm", false) + names("pypi", false) >= 6);
  const versions = Map.groupBy(
    packages.filter((one) => one.ecosystem === "npm"),
    (one) => one.name,
  );
  for (const [name, list] of versions) assert.ok(list.length >= 2 && list.length <= 4, name);
});

test("the user is the guest's", async () => {
  const { files } = await createWorld("user");
  assert.ok(files.every(({ path }) => path.startsWith(`${guestUser.home}/`) || /^\/(etc|var)\//.test(path)));
});
