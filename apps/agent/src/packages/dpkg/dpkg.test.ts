import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Dpkg, type DpkgOptions } from "./dpkg.ts";
import { shortMemory } from "./trusted.ts";

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

interface Package {
  readonly version?: string;
  readonly files: Record<string, string>;
  readonly conffiles?: Record<string, string>;
  readonly state?: string;
  readonly extra?: string;
  /** How its info files are called, where that is not its name. */
  readonly info?: string;
}

/** A system's root with dpkg's folder as dpkg writes it. */
async function system(t: TestContext) {
  const root = await realpath(await mkdtemp(join(tmpdir(), "thymus-dpkg-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  const admin = join(root, "var/lib/dpkg");
  await mkdir(join(admin, "info"), { recursive: true });
  await mkdir(join(root, "var/log"), { recursive: true });
  await mkdir(join(root, "usr/bin"), { recursive: true });
  await symlink("usr/bin", join(root, "bin"));
  const stanzas = new Map<string, string>();
  let log = "";
  const install = async (name: string, what: Package, logged = true) => {
    const { version = "1.0", files, conffiles = {}, state = "installed", extra = "", info = name } = what;
    const lines = Object.entries(files).map(([path, text]) => `${md5(text)}  ${path}\n`);
    await rm(join(admin, "info", `${info}.md5sums`), { force: true });
    await writeFile(join(admin, "info", `${info}.md5sums`), lines.join(""));
    await writeFile(join(admin, "info", `${info}.list`), "/.\n");
    const conf = Object.entries(conffiles).map(([path, text]) => ` /${path} ${md5(text)}\n`);
    stanzas.set(
      info,
      `Package: ${name}\nStatus: install ok ${state}\nArchitecture: amd64\n${extra}Version: ${version}\n${conf.length > 0 ? `Conffiles:\n${conf.join("")}` : ""}`,
    );
    await rm(join(admin, "status"), { force: true });
    await writeFile(join(admin, "status"), [...stanzas.values()].join("\n"));
    if (logged) log += `2026-01-01 00:00:00 status installed ${name}:amd64 ${version}\n`;
    await writeFile(join(root, "var/log/dpkg.log"), log);
  };
  const at = (name: string) => join(root, name);
  const open = (options: DpkgOptions = {}) => new Dpkg({ root, ...options });
  const by = async (packages: Dpkg, name: string, text: string) => {
    const found = (await packages.vouches(new Map([[at(name), Buffer.from(text)]]))).get(at(name));
    return found ? `${found.package} ${found.version} ${found.level}` : null;
  };
  return { admin, at, by, install, open, root };
}

test("dpkg vouches for exactly the content of its manifest, under both names of a merged /usr", async (t) => {
  const { at, by, install, open } = await system(t);
  await install("tool", { files: { "usr/bin/tool": "new", "bin/other": "old" } });
  const packages = open();
  assert.equal(await by(packages, "usr/bin/tool", "new"), "tool 1.0 manifest");
  assert.equal(await by(packages, "usr/bin/other", "old"), "tool 1.0 manifest");
  assert.equal(await by(packages, "usr/bin/third", "new"), null);
  assert.equal(await by(packages, "usr/bin/tool", "infected"), null);
  assert.deepEqual(await packages.claim(at("usr/bin/other")), {
    ...{ package: "tool", version: "1.0", kind: "file", underway: false, doubt: null },
  });
  assert.equal(await packages.claim("/elsewhere"), null);
  assert.equal(await packages.busy(), false);
  const none = new Dpkg({ root: at("nothing") });
  assert.equal((await none.vouches(new Map([[at("nothing/a"), Buffer.from("x")]]))).size, 0);
});

test("who asks about many paths may take what was found a moment ago; who does not, and what is vouched for, is of now", async (t) => {
  const { at, by, install, open } = await system(t);
  await install("tool", { files: { "usr/bin/tool": "new" } });
  const packages = open();
  const version = async (age?: number) => (await packages.claim(at("usr/bin/tool"), age))?.version;
  assert.equal(await version(60_000), "1.0");
  assert.equal(await version(60_000), "1.0");
  await install("tool", { version: "1.1", files: { "usr/bin/tool": "newer" } });
  assert.equal(await version(60_000), "1.0");
  assert.equal(await version(), "1.1");
  await install("tool", { version: "1.2", files: { "usr/bin/tool": "newest" } });
  assert.equal(await by(packages, "usr/bin/tool", "newest"), "tool 1.2 manifest");
  assert.equal(await version(60_000), "1.2");
});

test("an upgrade is read while it runs, by what changed alone", async (t) => {
  const { by, install, open } = await system(t);
  await install("tool", { files: { "usr/bin/tool": "one" } });
  await install("lib", { files: { "usr/lib/a.so": "a" }, info: "lib:amd64", extra: "Multi-Arch: same\n" });
  const packages = open();
  assert.equal(await by(packages, "usr/lib/a.so", "a"), "lib 1.0 manifest");
  await install("tool", { version: "2.0", files: { "usr/bin/tool": "two" } });
  assert.equal(await by(packages, "usr/bin/tool", "two"), "tool 2.0 manifest");
  assert.equal(await by(packages, "usr/bin/tool", "one"), null);
  assert.equal(await by(packages, "usr/lib/a.so", "a"), "lib 1.0 manifest");
});

test("a manifest that changed without dpkg is doubted, also where it changed while the agent was down", async (t) => {
  const { at, by, install, open } = await system(t);
  await install("tool", { files: { "usr/bin/tool": "one" } });
  const memory = shortMemory();
  const packages = open({ memory });
  assert.equal(await by(packages, "usr/bin/tool", "one"), "tool 1.0 manifest");
  await install("tool", { files: { "usr/bin/tool": "evil" } });
  assert.equal(await by(packages, "usr/bin/tool", "evil"), null);
  assert.match(
    (await packages.claim(at("usr/bin/tool")))!.doubt!,
    /manifest changed, and its version 1.0 did not/,
  );
  assert.equal(await by(open({ memory }), "usr/bin/tool", "evil"), null);
  await install("tool", { version: "1.1", files: { "usr/bin/tool": "evil" } }, false);
  assert.equal(await by(open({ memory }), "usr/bin/tool", "evil"), null, "the log knows no 1.1");
  await install("tool", { version: "1.2", files: { "usr/bin/tool": "better" } });
  assert.equal(await by(open({ memory }), "usr/bin/tool", "better"), "tool 1.2 manifest");
});

test("diversions, conffiles, names beside, packages without a manifest", async (t) => {
  const { admin, at, by, install, open } = await system(t);
  await install("dash", { files: { "bin/sh": "dash" } });
  await install("wrap", {
    files: { "usr/bin/sh": "wrapper" },
    conffiles: { "etc/init.d/wrap": "start" },
  });
  await writeFile(join(admin, "diversions"), "/bin/sh\n/bin/sh.real\nwrap\n");
  await install("bare", { files: {} });
  await rm(join(admin, "info", "bare.md5sums"));
  await writeFile(join(admin, "info", "bare.list"), "/.\n/usr\n/usr/bin/bare\n");
  const packages = open();
  assert.equal(await by(packages, "usr/bin/sh", "wrapper"), "wrap 1.0 manifest");
  assert.equal(await by(packages, "usr/bin/sh", "dash"), null, "that one was moved away");
  assert.equal(await by(packages, "usr/bin/sh.real", "dash"), "dash 1.0 manifest");
  assert.equal(await by(packages, "etc/init.d/wrap.dpkg-dist", "start"), "wrap 1.0 manifest");
  assert.equal((await packages.claim(at("etc/init.d/wrap")))!.kind, "conffile");
  assert.equal((await packages.claim(at("usr/bin/bare")))!.kind, "unlisted");
  assert.equal(await by(packages, "usr/bin/bare", "x"), null);
});

test("a package's own script is vouched for where it came with the package, not where it changed later", async (t) => {
  const { admin, at, by, install, open } = await system(t);
  await install("tool", { files: {} });
  const script = "var/lib/dpkg/info/tool.postinst";
  await writeFile(at(script), "#!/bin/sh\n");
  assert.equal(await by(open(), script, "#!/bin/sh\n"), "tool 1.0 manifest");
  await rm(join(admin, "info", "tool.list"));
  assert.equal(await by(open(), script, "#!/bin/sh\n"), null);
  assert.equal((await open().claim(at(script)))?.kind, "control");
});
