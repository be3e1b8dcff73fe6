import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { random } from "../../infection/testing/random.ts";
import { buildCorpus } from "../build.ts";
import { openCorpus } from "../corpus.ts";
import { exportCorpus } from "../portable/export.ts";
import { importCorpus } from "../portable/import.ts";
import { labelOfPackage, labelOfPath } from "./label.ts";

/** What a linker does: four bytes of an address in every forty. */
function linked(code: Uint8Array): Buffer {
  const noise = random(99);
  const bytes = Buffer.from(code);
  for (let at = 7; at + 4 < bytes.length; at += 40) bytes.set(noise.bytes(4), at);
  return bytes;
}

function goodware(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-labels-")));
  t.after(() => rmSync(root, { recursive: true }));
  const [library, startup, program] = [1, 2, 3].map((seed) => random(seed).bytes(20_000));
  const good = join(root, "good");
  for (const folder of ["usr/lib/gcc/x/12", "usr/bin"]) mkdirSync(join(good, folder), { recursive: true });
  writeFileSync(join(good, "usr/lib/libsome.a"), Buffer.concat([Buffer.from("!<arch>\n"), library!]));
  writeFileSync(join(good, "usr/lib/gcc/x/12/libgcc.a"), startup!);
  writeFileSync(join(good, "usr/bin/program"), program!);
  return { root, good, dir: join(root, "corpus"), library: library!, startup: startup!, program: program! };
}

test("code of a library is known for one though a linker wrote addresses into it", async (t) => {
  const { good, dir, root, library, startup, program } = goodware(t);
  const first = await buildCorpus({ dir, sources: [good], modelBytes: 4096 });
  const check = async (folder: string) => {
    const self = await openCorpus(folder);
    for (let at = 0; at + 256 <= 20_000; at += 1000) {
      assert.equal(self.labelOf!(linked(library).subarray(at, at + 256)), "library");
      assert.equal(self.labelOf!(linked(startup).subarray(at, at + 256)), "compiler");
      assert.equal(self.labelOf!(program.subarray(at, at + 256)), null);
      assert.equal(self.labelOf!(random(at + 10).bytes(256)), null);
      assert.ok(self.absent!(linked(library).subarray(at, at + 256)));
    }
    assert.equal(self.labelOf!(library.subarray(100, 108)), null);
  };
  await check(dir);
  const file = join(root, "self.thymus");
  await exportCorpus(dir, file);
  await importCorpus(join(root, "other"), file);
  await check(join(root, "other"));
  // Added to the old one, not read anew; the same as all in one go.
  writeFileSync(join(good, "usr/lib/libother.so.1"), random(4).bytes(20_000));
  const second = await buildCorpus({ dir, sources: [good], modelBytes: 4096 });
  assert.notEqual(second.labels!.sha256, first.labels!.sha256);
  assert.deepEqual(await buildCorpus({ dir: join(root, "anew"), sources: [good], modelBytes: 4096 }), {
    ...second,
    made: (await openCorpus(join(root, "anew"))).manifest.made,
  });
});

test("labels are told by package, by its section, else by place", () => {
  const lib = "/usr/lib/x86_64-linux-gnu/libz.a";
  assert.equal(labelOfPackage(lib, "zlib1g-dev", "libdevel"), "library");
  assert.equal(labelOfPackage(lib, "libz-dev", ""), "library");
  assert.equal(
    labelOfPackage("/usr/lib/x86_64-linux-gnu/libpython3.11.a", "libpython3.11-dev", "libdevel"),
    "runtime",
  );
  assert.equal(labelOfPackage("/usr/lib/x86_64-linux-gnu/crt1.o", "libc6-dev", "libdevel"), "compiler");
  assert.equal(labelOfPackage("/usr/bin/upx-ucl", "upx-ucl", "utils"), "packer");
  assert.equal(labelOfPackage("/usr/bin/python3.11", "python3.11-minimal", "python"), null);
  assert.equal(labelOfPackage("/usr/bin/ls", "coreutils", "utils"), null);
  assert.equal(labelOfPath("/opt/x/lib/libfoo.so.1.2.3"), "library");
  assert.equal(labelOfPath("/usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a"), "compiler");
  assert.equal(labelOfPath("/usr/share/doc/libfoo/readme.txt"), null);
});
