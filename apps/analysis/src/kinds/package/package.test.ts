/** Packages of registries and distributions: what is offered, laid out and started. */
import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import type { StartPlan } from "../../chamber/chamber.ts";
import { systemPath } from "../../chamber/run/system-path.ts";
import { planSample } from "../plan.ts";
import { arOf, tarOf, zipOf } from "../testing/archives.ts";
import { versionFor } from "./stand-in.ts";

async function planned(
  bytes: Uint8Array,
  name: string,
): Promise<{ plan: StartPlan; describe: string; kind: string; lines: string[] }> {
  const type = name.endsWith(".tgz") ? "npm" : "archive";
  const result = await planSample(bytes, name, type);
  assert.ok(!("refused" in result) && result.plan, JSON.stringify(result));
  // Without the words that only limit a command's time.
  const lines = result.plan.commands.map(({ words }) =>
    words.join(" ").replace(/^\/usr\/bin\/timeout .*?\d+ (?=\/)/, ""),
  );
  return { plan: result.plan, describe: result.describe, kind: result.kind, lines };
}
const at = (folder: string) => `/usr/bin/env --chdir=/home/sam/${folder}`;

const manifest = {
  name: "@team/left",
  version: "1.2.3-rc.1",
  type: "module",
  scripts: { postinstall: "node x.js" },
  bin: { left: "./cli.js", "../bad": "x" },
  dependencies: { pad: "^2.1.0", other: "npm:@a/b@~3.4", "not a name": "1" },
};
const npm = gzipSync(tarOf({ "package/package.json": JSON.stringify(manifest), "package/cli.js": "1" }));

test("an npm package is offered, installed, required, imported, and its bins are run", async () => {
  const { plan, lines, kind, describe } = await planned(npm, "left-1.2.3.tgz");
  assert.equal(kind, "npm package");
  assert.match(describe, /@team\/left 1\.2\.3-rc\.1 with 2 files and 2 stand-ins/);
  assert.deepEqual(lines, [
    `${at("Downloads/left-app")} /bin/sh -c exec npm install "$0" --no-audit --no-fund @team/left@1.2.3-rc.1`,
    `${at("Downloads/left-app")} /usr/bin/node -e require("@team/left") --`,
    `${at("Downloads/left-app")} /usr/bin/node --input-type=module -e await import("@team/left") --`,
    `${at("Downloads/left-app")} ./node_modules/.bin/left`,
  ]);
  const [own] = plan.packages;
  assert.deepEqual(
    [own!.name, own!.version, own!.file.name],
    ["@team/left", "1.2.3-rc.1", "left-1.2.3-rc.1.tgz"],
  );
  assert.deepEqual(own!.file.content, npm);
  assert.deepEqual(
    plan.files.map(({ path }) => path),
    ["left-app/package.json"],
  );
  assert.deepEqual(
    plan.standIns!.map(({ name, version }) => `${name} ${version}`),
    ["@a/b 3.4.0", "pad 2.1.0"].sort((a, b) => (a < b ? 1 : -1)),
  );
});

test("a stand-in lets everything be done with it, and ends", async () => {
  const { plan } = await planned(npm, "left-1.2.3.tgz");
  const code = gunzipSync(plan.standIns![0]!.file.content).toString("latin1");
  const module = { exports: {} as never };
  new Function("module", /const handler[\s\S]*module\.exports = stand;/.exec(code)![0])(module);
  // biome-ignore lint/suspicious/noExplicitAny: it takes anything
  const { exports: stand } = module as { exports: any };
  assert.equal(typeof stand.green.bold("x"), "function");
  assert.equal(typeof new stand.Client().on("x"), "function");
  assert.deepEqual([...stand], []);
  assert.equal(`${stand}`, "");
  assert.equal(await stand, stand);
});

test("versions for ranges", () => {
  const cases = {
    "^1.2.3": "1.2.3",
    "~1.2": "1.2.0",
    "1.x": "1.0.0",
    "*": "1.0.0",
    latest: "1.0.0",
    ">=4 <5": "4.0.0",
    ">1.2.3": "1.2.4",
    "<2": "0.0.1",
    "^1.0.0-beta.2 || ^2": "1.0.0-beta.2",
    "file:../x": "1.0.0",
  };
  for (const [range, version] of Object.entries(cases)) assert.equal(versionFor(range), version, range);
});

test("a package folder inside an archive is installed where it lies", async () => {
  const files = {
    "app/package.json": '{"name":"app","scripts":{"start":"node ."},"devDependencies":{"c":"1"}}',
    "app/index.js": "1",
    "app/install.sh": "#!/bin/sh\n",
  };
  const { lines, plan } = await planned(await zipOf(files), "x.zip");
  assert.deepEqual(lines, [
    `${at("Downloads/x/app")} /bin/sh -c exec npm install --no-audit --no-fund sh`,
    `${at("Downloads/x/app")} /bin/sh -c exec npm start sh`,
    `${at("Downloads/x/app")} ./install.sh`,
  ]);
  assert.deepEqual([plan.packages.length, plan.standIns!.map(({ name }) => name)], [0, ["c"]]);
});

test("an sdist is installed by pip from the registry, imported, its entry points called", async () => {
  const sdist = gzipSync(
    tarOf({
      "thing-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
      "thing-1.0/setup.py": "import os\n",
      "thing-1.0/thing/__init__.py": "",
      "thing-1.0/helper.py": "",
      "thing-1.0/tests/__init__.py": "",
      "thing-1.0/thing.egg-info/entry_points.txt": "[console_scripts]\nthing = thing.cli:main\n",
    }),
  );
  const { plan, lines, kind } = await planned(sdist, "thing-1.0.tar.gz");
  assert.equal(kind, "Python sdist");
  const [own] = plan.packages;
  assert.deepEqual(
    [own!.ecosystem, own!.name, own!.version, own!.file.name],
    ["pypi", "thing", "1.0", "thing-1.0.tar.gz"],
  );
  assert.match(
    lines[0]!,
    /pip install "\$0"[\s\S]*thing==1\.0 \/home\/sam\/Downloads\/thing-1\.0\/thing-1\.0$/,
  );
  assert.deepEqual(
    lines.slice(1).map((line) => /(?<=; ).*$/.exec(line.replace(/^.*?append\([^)]*\)/, ""))?.[0]),
    ["import thing", "import helper", 'sys.argv[0] = "thing"; from thing.cli import main; sys.exit(main())'],
  );
  assert.ok(plan.files.some(({ path }) => path === "thing-1.0/thing-1.0/setup.py"));
});

test("a wheel keeps a name that pip takes", async () => {
  const wheel = await zipOf({
    "my_thing/__init__.py": "",
    "my_thing-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: my-thing\nVersion: 2.0\n\nName: other\n",
    "my_thing-2.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
  });
  const { plan, kind } = await planned(wheel, "0123abcd");
  assert.equal(kind, "Python wheel");
  assert.equal(plan.packages[0]!.file.name, "my_thing-2.0-py3-none-any.whl");
});

test("a Debian package: files in the system, scripts as dpkg runs them, then its programs", async () => {
  const control = tarOf({
    "./control": "Package: thing\n",
    "./postinst": "#!/bin/sh\n",
    "./preinst": "#!/bin/sh\n",
    "./md5sums": "",
  });
  const data = tarOf(
    {
      "./usr/bin/thing": "#!/bin/sh\n",
      "./bin/other": "#!/bin/sh\n",
      "./etc/ld.so.preload": "x",
      "./lib/x86_64-linux-gnu/libc.so.6": "x",
      "./opt/thing/data": "x",
    },
    0o755,
  );
  const deb = arOf({
    "debian-binary": "2.0\n",
    "control.tar.gz": gzipSync(control),
    "data.tar.gz": gzipSync(data),
  });
  const { plan, lines, describe } = await planned(deb, "thing.deb");
  assert.deepEqual(
    lines,
    [
      "/usr/bin/env --chdir=/ /var/lib/dpkg/info/thing.preinst install",
      "/usr/bin/env --chdir=/ /var/lib/dpkg/info/thing.postinst configure ",
      `${at("Downloads")} /usr/bin/thing`,
      `${at("Downloads")} /usr/bin/other`,
    ].sort((a, b) => lines.indexOf(a) - lines.indexOf(b)),
  );
  assert.deepEqual(
    plan.commands.map(({ asRoot }) => asRoot ?? false),
    [true, true, false, false],
  );
  assert.deepEqual(
    plan.system!.map(({ path, root }) => `${path} ${root}`).sort(),
    [
      "/opt/thing/data",
      "/usr/bin/other",
      "/usr/bin/thing",
      "/var/lib/dpkg/info/thing.postinst",
      "/var/lib/dpkg/info/thing.preinst",
    ].map((path) => `${path} true`),
  );
  assert.match(describe, /2 of its files are not laid out/);
});

/** A package of rpm with one file and a scriptlet, by hand: no tool is at hand that makes one. */
function rpm(script: string, payload: Buffer): Buffer {
  const header = (entries: [tag: number, text: string][]) => {
    const store = Buffer.from(entries.map(([, text]) => `${text}\0`).join(""));
    const index = Buffer.alloc(16 + entries.length * 16);
    index.writeUIntBE(0x8eade801, 0, 4);
    index.writeUInt32BE(entries.length, 8);
    index.writeUInt32BE(store.length, 12);
    let offset = 0;
    for (const [at, [tag, text]] of entries.entries()) {
      for (const [value, place] of [
        [tag, 0],
        [6, 4],
        [offset, 8],
        [1, 12],
      ] as const)
        index.writeUInt32BE(value, 16 + at * 16 + place);
      offset += text.length + 1;
    }
    return Buffer.concat([index, store]);
  };
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  const signature = header([[1000, "x"]]);
  const gap = Buffer.alloc((8 - ((96 + signature.length) % 8)) % 8);
  return Buffer.concat([
    lead,
    signature,
    gap,
    header([
      [1000, "thing"],
      [1024, script],
    ]),
    gzipSync(payload),
  ]);
}
function cpio(path: string, content: string): Buffer {
  const member = (name: string, text: string, mode: number) => {
    const fields = [1, mode, 0, 0, 1, 0, text.length, 0, 0, 0, 0, name.length + 1, 0];
    const head = Buffer.from(
      `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`,
    );
    const pad = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);
    return Buffer.concat([head, pad(head.length), Buffer.from(text), pad(text.length)]);
  };
  return Buffer.concat([member(path, content, 0o100755), member("TRAILER!!!", "", 0)]);
}

test("an RPM package: its scriptlets, then its programs", async () => {
  const { plan, lines } = await planned(
    rpm("touch /tmp/x", cpio("./usr/bin/thing", "#!/bin/sh\n")),
    "thing.rpm",
  );
  assert.deepEqual(lines, [
    "/usr/bin/env --chdir=/ /bin/bash -c touch /tmp/x rpm 1",
    `${at("Downloads")} /usr/bin/thing`,
  ]);
  assert.deepEqual(
    plan.system!.map(({ path }) => path),
    ["/usr/bin/thing"],
  );
});

test("nothing is laid where the chamber itself stands", () => {
  for (const path of [
    "/usr/bin/setpriv",
    "/bin/env",
    "/usr/bin/python3.11",
    "/lib64/ld-linux-x86-64.so.2",
    "/usr/lib/libx.so",
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/etc/ld.so.preload",
    "/etc/passwd",
    "/etc/nsswitch.conf",
    "/dev/null",
    "/proc/x",
    "/root/.bashrc",
    "/usr/lib/python3/dist-packages/a.pth",
    "/usr/lib/python3/sitecustomize.py",
    "/x",
    "/tmp/x",
    "/var/run/x",
  ])
    assert.equal(systemPath(path), null, path);
  assert.equal(systemPath("/bin/thing"), "/usr/bin/thing");
  for (const path of [
    "/usr/bin/thing",
    "/opt/a/b",
    "/etc/thing.conf",
    "/usr/lib/thing/x.so",
    "/usr/share/applications/x.desktop",
    "/lib/systemd/system/x.service",
  ])
    assert.ok(systemPath(path), path);
});
