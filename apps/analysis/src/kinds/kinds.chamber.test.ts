/** Samples of each kind in the real chamber: each leaves its mark only if it was started as its victim would start it. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { identifyFile } from "@thymus/detection";
import { needs } from "@thymus/testkit";
import {
  type Chamber,
  type ChamberResult,
  type Conditions,
  emptyWorld,
  openChamber,
  plainConditions,
} from "../chamber/index.ts";
import { chamberDir as dataDir, sharedChamber } from "../chamber/testing/shared.ts";
import { planSample, variationsFor } from "./index.ts";
import { arOf, tarOf, zipOf } from "./testing/archives.ts";
import { librarySo } from "./testing/fixtures.ts";

const skip = needs("qemu", "bwrap", "root", "apt");
let chamber: Chamber;
let temp: string;

before(
  async () => {
    if (skip) return;
    temp = await mkdtemp(join(tmpdir(), "thymus-kinds-"));
    await sharedChamber();
    chamber = await openChamber({ dataDir });
  },
  { timeout: 900_000 },
);
after(async () => {
  if (skip) return;
  await chamber?.close();
  await rm(temp, { recursive: true, force: true });
});

let runs = 0;
async function run(
  content: Uint8Array,
  name: string,
  conditions: Conditions = plainConditions,
): Promise<ChamberResult> {
  const folder = join(temp, String(runs++));
  await mkdir(join(folder, "out"), { recursive: true });
  await writeFile(join(folder, "sample"), content);
  const type = identifyFile(content, name);
  const planned = await planSample(content, name, type);
  assert.ok(!("refused" in planned), JSON.stringify(planned));
  return chamber.run({
    sample: { path: join(folder, "sample"), name, type },
    decoys: { seed: "", folder: "", decoys: [] },
    world: emptyWorld,
    conditions,
    plan: planned.plan,
    drillPrograms: null,
    budgetSeconds: 120,
    outputDir: join(folder, "out"),
  });
}
const dropped = (result: ChamberResult) => result.dropped.map(({ path }) => path);
const text = (content: string) => Buffer.from(content);

test("a program inside a tar.gz runs in its folder", { skip }, async () => {
  const sample = gzipSync(
    tarOf({ "tool/bin/helper": "#!/bin/sh\nid -un >>../mark\n", "tool/README": "words" }, 0o755),
  );
  const result = await run(sample, "tool-1.0.tar.gz");
  assert.ok(dropped(result).includes("/home/sam/Downloads/tool-1.0/tool/mark"), result.output);
});

test("a program inside a zip inside a zip runs", { skip }, async () => {
  const inner = await zipOf({ "go.py": "open('mark', 'w').write('1')\n" });
  const result = await run(await zipOf({ "inner.zip": inner }), "outer.zip");
  assert.ok(dropped(result).includes("/home/sam/Downloads/outer/inner/mark"), result.output);
});

test("a Debian package is laid out, its postinst runs as root that can do nothing", { skip }, async () => {
  const postinst = `#!/bin/sh\n[ "$1" = configure ] && /usr/bin/thing "$(id -u)" >/home/sam/mark-$DPKG_MAINTSCRIPT_PACKAGE\n: >/usr/bin/mark\n`;
  const control = tarOf({ "./control": "Package: thing\nVersion: 1\n", "./postinst": postinst }, 0o755);
  const data = tarOf(
    { "./usr/bin/thing": '#!/bin/sh\necho "thing $1"\n', "./usr/bin/setpriv": "#!/bin/sh\n" },
    0o755,
  );
  const deb = arOf({
    "debian-binary": "2.0\n",
    "control.tar.gz": gzipSync(control),
    "data.tar.gz": gzipSync(data),
  });
  const result = await run(deb, "thing_1_all.deb");
  const mark = result.dropped.find(({ path }) => path === "/home/sam/mark-thing");
  assert.equal(mark?.size, "thing 0\n".length, result.output);
  assert.ok(!dropped(result).includes("/usr/bin/mark"));
  assert.match(result.output, /^thing $/m);
});

test("a shared object acts in the programs into which it is preloaded, and when it is loaded", {
  skip,
}, async () => {
  const result = await run(gunzipSync(librarySo), "helper");
  const mark = result.dropped.find(({ path }) => path === "/home/sam/mark");
  assert.ok((mark?.size ?? 0) > "ls\nbash\npython3\n".length, result.output);
});

test("a line to be pasted is run by a shell", { skip }, async () => {
  const line = `$ echo ${Buffer.from("id -un > ~/mark\n").toString("base64")} | base64 -d | bash\n`;
  assert.ok(dropped(await run(text(line), "howto.txt")).includes("/home/sam/mark"));
});

test("scripts of awk and perl run by their first line and by their words", { skip }, async () => {
  const awk = await run(text('#!/usr/bin/awk -f\nBEGIN { print "x" > "/home/sam/mark" }\n'), "report");
  assert.ok(dropped(awk).includes("/home/sam/mark"), awk.output);
  const perl = text(
    'use strict;\nmy $path = "$ENV{HOME}/mark";\nopen(my $out, ">", $path) or die;\nprint $out "x";\n',
  );
  const result = await run(perl, "notes");
  assert.ok(dropped(result).includes("/home/sam/mark"), result.output);
});

test("what waits for a date shows itself only under other conditions, and root is believed", {
  skip,
}, async () => {
  const sample = text(
    '#!/bin/sh\n[ "$(date +%u%d)" = 513 ] && : >~/mark-friday\n[ "$(id -u)" = 0 ] && [ "$1" ] && : >~/mark-root\nexit 0\n',
  );
  assert.deepEqual(dropped(await run(sample, "waits")), []);
  const [friday, root] = variationsFor("shell", "seed");
  assert.deepEqual(dropped(await run(sample, "waits", friday)), ["/home/sam/mark-friday"]);
  assert.deepEqual(dropped(await run(sample, "waits", root)), ["/home/sam/mark-root"]);
});
